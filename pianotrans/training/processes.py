"""The same work on many things, in this process or in several."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from pianotrans.errors import WorkerError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def work_on(
    function: Callable[[_Job], _Result], jobs: Sequence[_Job], n_workers: int
) -> Iterator[tuple[_Job, _Result]]:
    """Every job with its result, as they are finished: with several workers in any order.

    What the function raises ends the work. Raises WorkerError if a process dies, for lack of memory say.
    """
    n_workers = min(n_workers, len(jobs))
    if n_workers <= 1:
        yield from ((job, function(job)) for job in jobs)
        return
    # Fresh processes: a forked copy of one that runs threads (a progress bar's, say) may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=context, initializer=_ignore_interrupts) as pool:
        try:
            job_of = {pool.submit(function, job): job for job in jobs}
            for done in as_completed(job_of):
                yield job_of[done], done.result()
        except BrokenProcessPool as error:
            raise WorkerError(f"one of {n_workers} processes died. Try again with fewer --workers.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the one that started the others deals with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
