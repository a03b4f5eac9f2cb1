"""Processes on this machine: their cores and threads, work divided among them, and why they ended.

Importing this module does not load torch.
"""

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pianotrans.errors import WorkerError
from pianotrans.quota import quota_cores

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def n_cores() -> int:
    """Number of cores that this process may keep busy: those it may run on, no more than its container's share."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(allowed, quota_cores())))


def limit_threads(n_threads: int | None) -> None:
    """Limit the threads of torch and numba, before they are imported; variables set by the user take precedence."""
    if n_threads is not None:
        for name in _THREAD_VARIABLES:
            os.environ.setdefault(name, str(n_threads))


def share_cores() -> None:
    """Be a good neighbour and a quick one, before torch is imported; variables set by the user take precedence.

    Threads that are done with their part of a product sleep until the others are: where another process wants the
    same cores, those that spin keep away the very thread that they wait for, and two of them take four times as
    long as one alone. In a container there are no more threads than cores' worth of time.
    """
    waiting = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}  # GNU's OpenMP; Intel's and LLVM's
    for name, value in waiting.items():
        os.environ.setdefault(name, value)
    if quota_cores() < math.inf:
        limit_threads(n_cores())


def reason_of_death(exit_code: int | None) -> str:
    """What ended a process, as far as the exit code tells."""
    if exit_code == -9:
        return "killed by signal 9, usually for lack of memory"
    if exit_code is not None and exit_code < 0:
        return f"ended by signal {-exit_code}"
    return f"ended with exit code {exit_code}"


def work_on(
    function: Callable[[_Job], _Result], jobs: Sequence[_Job], n_jobs: int
) -> Iterator[tuple[_Job, _Result]]:
    """Yield every job with its result as soon as it is finished; in any order if there are several processes.

    An exception in the function ends the work. Raises WorkerError if a process dies, for example if memory runs
    out.
    """
    n_jobs = min(n_jobs, len(jobs))
    if n_jobs <= 1:
        yield from ((job, function(job)) for job in jobs)
        return
    # Spawn: a forked copy of a process with threads, such as that of a progress bar, may hang.
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
    """Ignore Ctrl-C, which reaches every process of a terminal; the parent handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
