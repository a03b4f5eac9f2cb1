"""Worker processes on this machine, watched: one that dies is reported and replaced."""

import multiprocessing
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, NamedTuple, TypeVar

from pianotrans.processes import n_cores
from pianotrans.workers.messages import Died, Failed, Finished, Message, Ready, Task
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.worker import serve


class Report(NamedTuple):
    """A message of a worker, and the task it was at."""

    task: Task | None
    message: Message


@dataclass(eq=False)
class Worker:
    """One of a pool, and what it is at."""

    is_ready: bool = field(default=False, init=False)
    task: Task | None = field(default=None, init=False)


W = TypeVar("W", bound=Worker)


class WorkerPool(ABC, Generic[W]):
    """What a run asks of its workers, wherever they are."""

    def __init__(self) -> None:
        self._workers: list[W] = []

    @property
    def n_idle(self) -> int:
        """How many tasks could be given now."""
        return len(self._idle())

    @property
    def tasks(self) -> list[Task]:
        """What the workers are at."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def _idle(self) -> list[W]:
        return [worker for worker in self._workers if worker.is_ready and worker.task is None]

    @abstractmethod
    def start(self) -> None:
        """Have workers start, unless that is done."""

    @abstractmethod
    def give(self, task: Task) -> None:
        """Hand a task to an idle worker; there must be one."""

    @abstractmethod
    def listen(self, timeout_s: float) -> Iterator[Report]:
        """What the workers have to say, as soon as one has, or after the timeout."""

    @abstractmethod
    def close(self) -> None:
        """End all workers at once, whatever they are at."""


PoolMaker = Callable[[Recipe, int], WorkerPool[Any]]
"""Makes a pool from what every worker is to do and the number of jobs."""


@dataclass(eq=False)
class _Process(Worker):
    process: BaseProcess
    connection: "Connection[Task, Message]"


class Pool(WorkerPool[_Process]):
    """Up to `n_workers` processes, each with its share of the cores; on a GPU one. Nothing starts before `start`.

    New processes are spawned, not forked: torch's threads do not survive a fork. Workers end on their own when
    this process does, however it ends.
    """

    def __init__(self, recipe: Recipe, n_workers: int = 1):
        super().__init__()
        self._recipe = recipe
        self._n_wanted = n_workers
        self._n_threads = max(1, n_cores() // n_workers) if n_workers > 1 else None
        self._context = multiprocessing.get_context("spawn")

    def start(self) -> None:
        """Start the first worker, if there is none. The others follow when it is ready: it may fetch the model."""
        if not self._workers:
            self._add_worker()

    def give(self, task: Task) -> None:
        """Hand a task to an idle worker; there must be one."""
        worker = self._idle()[0]
        worker.task = task
        with suppress(BrokenPipeError, ConnectionResetError):  # it died just now: `listen` will find out
            worker.connection.send(task)

    def listen(self, timeout_s: float) -> Iterator[Report]:
        """What the workers have to say, as soon as one has, or after the timeout."""
        connections = {worker.connection: worker for worker in self._workers}
        if not connections:
            time.sleep(timeout_s)
        for connection in wait(list(connections), timeout_s) if connections else ():
            yield self._read(connections[connection])  # type: ignore[index]

    def close(self) -> None:
        """End all workers at once, whatever they are at. They have nothing open but their recordings."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.process.close()
            worker.connection.close()
        self._workers.clear()

    def _read(self, worker: _Process) -> Report:
        task = worker.task
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):  # it may break off in the middle of a message
            return Report(task, self._bury(worker))
        if isinstance(message, Ready):
            worker.is_ready = True
            n_wanted = self._n_wanted if message.device == "cpu" else 1
            while len(self._workers) < n_wanted:
                self._add_worker()
        if isinstance(message, Finished | Failed):
            worker.task = None
        return Report(task, message)

    def _bury(self, worker: _Process) -> Died:
        """Take a dead worker out and start another, unless it never worked at all."""
        worker.process.join()
        died = Died(worker.process.exitcode)
        worker.process.close()
        worker.connection.close()
        self._workers.remove(worker)
        if worker.is_ready:
            self._add_worker()
        return died

    def _add_worker(self) -> None:
        here, there = self._context.Pipe()
        process = self._context.Process(target=serve, args=(there, self._recipe, self._n_threads), daemon=True)
        with _interrupts_ignored():
            process.start()
        there.close()  # so that the end of the process is the end of the pipe
        self._workers.append(_Process(process, here))


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A process that is started meanwhile ignores Ctrl-C from its first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
