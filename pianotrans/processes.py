"""Processes that compute on this machine: the same work in several of them, their cores, and what ended them.

Importing this module loads no torch.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pianotrans.errors import WorkerError

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def n_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(n_threads: int | None) -> None:
    """Before torch and numba are imported: they look once. What the user has set stands."""
    if n_threads is not None:
        for name in _THREAD_VARIABLES:
            os.environ.setdefault(name, str(n_threads))


def reason_of_death(exit_code: int | None) -> str:
    """What ended a process, as far as one can tell."""
    if exit_code == -9:
        return "killed by signal 9, most often for want of memory"
    if exit_code is not None and exit_code < 0:
        return f"ended by signal {-exit_code}"
    return f"ended with exit code {exit_code}"


def work_on(
    function: Callable[[_Job], _Result], jobs: Sequence[_Job], n_jobs: int
) -> Iterator[tuple[_Job, _Result]]:
    """Every job with its result, as they are finished: with several workers in any order.

    What the function raises ends the work. Raises WorkerError if a process dies, for instance for lack of memory.
    """
    n_jobs = min(n_jobs, len(jobs))
    if n_jobs <= 1:
        yield from ((job, function(job)) for job in jobs)
        return
    # Fresh processes: a forked copy of one that runs threads (such as a progress bar) may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_ignore_interrupts) as pool:
        try:
            job_of = {pool.submit(function, job): job for job in jobs}
            for done in as_completed(job_of):
                yield job_of[done], done.result()
        except BrokenProcessPool as error:
            raise WorkerError(f"one of {n_jobs} processes died. Try again with fewer --jobs.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the one that started the others deals with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
