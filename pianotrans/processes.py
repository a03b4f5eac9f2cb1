"""Processes on this machine: their cores and threads, work divided among them, and why they ended.

Importing this module does not load torch.
"""

import math
import multiprocessing
import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

from pianotrans.errors import AudioError, WorkerError
from pianotrans.memory import limited_decoding
from pianotrans.quota import quota_cores

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Death:
    """Stands for a result: the process that worked on the job died."""

    reason: str

    def error(self, name: str) -> AudioError:
        """The error of a recording whose decoding killed the process."""
        return AudioError(
            f"{name}: the process that decoded it died ({self.reason}). "
            "The file may be damaged, or memory too small."
        )


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


def start_with_pipe(main: Callable[..., None], *arguments: Any) -> tuple[SpawnProcess, "Connection[Any, Any]"]:
    """Start `main(connection, *arguments)` in a process of its own; returns it and this end of its pipe.

    Spawned: a forked copy of a process with threads, such as torch's, may hang. The pipe ends with the process, and
    the process with this one. Raises OSError if it cannot be started.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=main, args=(there, *arguments), daemon=True)
    with signals_left_to_the_parent():
        process.start()
    there.close()
    return process, here


def offer_to_die_first() -> None:
    """Have Linux kill this process rather than its parent if memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


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

    A single process is this one. An exception in the function ends the work. Raises WorkerError if a process dies,
    for example if memory runs out.
    """
    n_jobs = min(n_jobs, len(jobs))
    if n_jobs <= 1:
        yield from ((job, function(job)) for job in jobs)
        return
    for job, result in work_apart(function, jobs, n_jobs):
        if isinstance(result, Death):
            raise WorkerError(f"one of {n_jobs} processes died ({result.reason}). Try again with fewer --jobs.")
        yield job, result


def work_apart(
    function: Callable[[_Job], _Result], jobs: Sequence[_Job], n_jobs: int
) -> Iterator[tuple[_Job, _Result | Death]]:
    """Like `work_on`, but always in other processes, which may die: then the job's result is a Death.

    For jobs that decode recordings of unknown origin: a damaged one can crash a decoder. The memory of decoding is
    limited there. A process takes a second to start, and does one job after another.
    """
    todo = deque(jobs)
    idle: list[_Helper[_Job, _Result]] = []
    busy: dict[Any, tuple[_Helper[_Job, _Result], _Job]] = {}
    try:
        while todo or busy:
            while todo and len(busy) < n_jobs:
                helper, job = idle.pop() if idle else _Helper(function), todo.popleft()
                busy[helper.connection] = helper, job
                helper.give(job)
            for connection in wait(list(busy)):
                helper, job = busy[connection]
                answer = helper.answer()
                del busy[connection]
                if not isinstance(answer, Death):
                    idle.append(helper)
                yield job, answer
    finally:
        for helper in (*idle, *(helper for helper, _ in busy.values())):
            helper.end()


def run_apart(function: Callable[[_Job], _Result], job: _Job) -> _Result | Death:
    """The result of one job, done as by `work_apart`."""
    ((_, result),) = work_apart(function, [job], 1)
    return result


@contextmanager
def signals_left_to_the_parent() -> Iterator[None]:
    """Processes started in this block ignore Ctrl-C and SIGTERM: their parent decides when they end.

    Ctrl-C reaches all processes of a terminal. A process inherits the blocked signals of the thread that starts it,
    so it never sees them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # first, because it unblocks them when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Helper(Generic[_Job, _Result]):
    """A process that does one job after another."""

    def __init__(self, function: Callable[[_Job], _Result]):
        self._process, self.connection = start_with_pipe(_help, function)

    def give(self, job: _Job) -> None:
        with suppress(OSError):  # it has just died: `answer` tells
            self.connection.send(job)

    def answer(self) -> _Result | Death:
        """Wait for the result of the job. Raises what the function raised."""
        try:
            result, error = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            death = Death(reason_of_death(self._process.exitcode))
            self.end()
            return death
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def end(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.connection.close()


def _help(connection: "Connection[Any, Any]", function: Callable[[Any], Any]) -> None:
    """The main function of a helper: do jobs until the other side closes the pipe."""
    ignore_interrupts()
    with suppress(EOFError, OSError), limited_decoding():
        while True:
            connection.send(_outcome(function, connection.recv()))


def _outcome(function: Callable[[Any], Any], job: Any) -> tuple[Any, Exception | None]:
    try:
        return function(job), None
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # tracebacks do not travel
        return None, error


def ignore_interrupts() -> None:
    """Ignore Ctrl-C, which reaches every process of a terminal; the parent handles it."""
    with suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
