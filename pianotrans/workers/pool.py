"""Worker processes on this machine. A death is reported; a worker that ignores a cancellation is killed."""

import multiprocessing
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from pianotrans.errors import WorkerError
from pianotrans.processes import n_cores, start_with_pipe
from pianotrans.workers.messages import Cancel, Died, Failed, Finished, Message, Order, Ready, Stopped, Task
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.worker import serve

PATIENCE_S = 20.0
"""A worker that does not stop a cancelled task within this time hangs in a damaged recording: it is killed."""


class Report(NamedTuple):
    """A message from a worker, and the task that it was working on."""

    task: Task | None
    message: Message


@dataclass(eq=False)
class Worker:
    """A worker of a pool, and its task."""

    is_ready: bool = field(default=False, init=False)
    task: Task | None = field(default=None, init=False)


W = TypeVar("W", bound=Worker)


class WorkerPool(ABC, Generic[W]):
    """The interface of a pool, wherever its workers run."""

    def __init__(self) -> None:
        self._workers: list[W] = []

    @property
    def n_idle(self) -> int:
        """Number of tasks that can be given now."""
        return len(self._idle())

    @property
    def tasks(self) -> list[Task]:
        """The tasks that the workers are working on."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def _idle(self) -> list[W]:
        return [worker for worker in self._workers if worker.is_ready and worker.task is None]

    @abstractmethod
    def start(self) -> None:
        """Start the workers that are missing. Raises WorkerError or ClusterError if that fails."""

    @abstractmethod
    def give(self, task: Task) -> None:
        """Hand a task to an idle worker; there must be one."""

    @abstractmethod
    def listen(self, timeout_s: float) -> Iterator[Report]:
        """The messages of the workers, as soon as there are some; none after the timeout."""

    @abstractmethod
    def close(self) -> None:
        """End all workers at once, whatever they are doing."""


PoolMaker = Callable[[Recipe, int], WorkerPool[Any]]
"""Makes a pool from a recipe and the number of jobs."""


class ProcessLike(Protocol):
    """The part of a process's interface that a pool uses."""

    @property
    def exitcode(self) -> int | None:
        """The exit code, or None while it runs."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def join(self) -> None:
        """Wait until it has ended."""
        ...

    def close(self) -> None:
        """Free its resources."""
        ...


ProcessStarter = Callable[[], tuple[ProcessLike, "Connection[Order, Message]"]]
"""Starts one worker process; returns it and this end of its pipe. Raises OSError if it cannot be started."""


@dataclass(eq=False)
class _Process(Worker):
    process: ProcessLike
    connection: "Connection[Order, Message]"
    stop_asked_s: float | None = field(default=None, init=False)  # on the monotonic clock


class Pool(WorkerPool[_Process]):
    """Up to `n_workers` processes that share the cores; only one on a GPU. Nothing starts before `start`.

    The first process may have to download the model, so the others start once it is ready. All methods but `wake`
    must be called from one thread. Workers end on their own when this process ends for any reason.
    """

    def __init__(self, recipe: Recipe, n_workers: int = 1, start_process: ProcessStarter | None = None):
        """Prepare a pool.

        Args:
            recipe: how to transcribe every recording.
            n_workers: number of processes.
            start_process: starts one process; `process_starter` makes the default.
        """
        super().__init__()
        self._start_process = start_process or process_starter(recipe, n_workers)
        self._n_wanted, self._n_allowed = 1, n_workers
        self._alarm, self._bell = multiprocessing.Pipe(duplex=False)
        self._is_rung = False

    def start(self) -> None:
        """Start the processes that are missing. Raises WorkerError if one cannot be started."""
        while len(self._workers) < self._n_wanted:
            try:
                self._workers.append(_Process(*self._start_process()))
            except OSError as error:
                raise WorkerError(f"worker process: cannot be started ({error}). Free some memory.") from error

    def give(self, task: Task) -> None:
        """Hand a task to an idle worker; there must be one."""
        worker = self._idle()[0]
        worker.task = task
        with suppress(OSError):  # it has just died: `listen` will report it
            worker.connection.send(task)

    def cancel(self, task: Task) -> None:
        """Ask the worker of a task to stop. It answers within a segment, or is killed after `PATIENCE_S`."""
        for worker in self._workers:
            if worker.task == task and worker.stop_asked_s is None:
                worker.stop_asked_s = time.monotonic()
                with suppress(OSError):
                    worker.connection.send(Cancel(task.name))

    def wake(self) -> None:
        """Make a waiting `listen` return; may be called from any thread."""
        if not self._is_rung:  # once is enough, and the pipe must not fill up
            self._is_rung = True
            with suppress(OSError):  # closed in the meantime
                self._bell.send(None)

    def listen(self, timeout_s: float) -> Iterator[Report]:
        """The messages of the workers, as soon as there are some; none after the timeout or when woken."""
        self._kill_the_deaf()
        workers = {worker.connection: worker for worker in self._workers}
        for connection in wait([*workers, self._alarm], timeout_s):
            if connection is self._alarm:
                self._silence_alarm()
            else:
                yield self._read(workers[connection])  # type: ignore[index]

    def close(self) -> None:
        """End all workers at once, whatever they are doing. They have nothing open but their recordings."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            _dispose(worker)
        self._workers.clear()
        self._bell.close()
        self._alarm.close()

    def _read(self, worker: _Process) -> Report:
        task = worker.task
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # the pipe may break in the middle of a message
            self._workers.remove(worker)
            return Report(task, Died(_dispose(worker)))
        if isinstance(message, Ready):
            worker.is_ready = True
            self._n_wanted = self._n_allowed if message.device == "cpu" else 1
        if isinstance(message, Finished | Failed | Stopped):
            worker.task = worker.stop_asked_s = None
        return Report(task, message)

    def _kill_the_deaf(self) -> None:
        for worker in self._workers:
            if worker.stop_asked_s is not None and time.monotonic() - worker.stop_asked_s > PATIENCE_S:
                worker.process.kill()

    def _silence_alarm(self) -> None:
        self._is_rung = False
        while self._alarm.poll():
            self._alarm.recv()


def process_starter(recipe: Recipe, n_workers: int) -> ProcessStarter:
    """A starter of processes that share the cores."""
    n_threads = max(1, n_cores() // n_workers) if n_workers > 1 else None
    return partial(start_with_pipe, serve, recipe, n_threads)


def end_process(process: ProcessLike, connection: "Connection[Any, Any]") -> int | None:
    """End a process at once, and free it and its pipe; returns its exit code."""
    with suppress(OSError):
        connection.close()
    process.kill()
    process.join()
    exit_code = process.exitcode
    process.close()
    return exit_code


def _dispose(worker: _Process) -> int | None:
    """Wait for a process that ends or was killed, and free it; returns its exit code."""
    worker.process.join()
    exit_code = worker.process.exitcode
    worker.process.close()
    worker.connection.close()
    return exit_code
