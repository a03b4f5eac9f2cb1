"""Worker processes: how they are started, and what the server knows of each."""

import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Protocol

from pianotrans.processes import n_cores
from pianotrans.web.messages import Message, Order
from pianotrans.web.worker import Recipe, serve


class ProcessLike(Protocol):
    """What the server asks of a worker's process."""

    @property
    def exitcode(self) -> int | None:
        """How it ended."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def join(self) -> None:
        """Wait until it has ended."""
        ...

    def close(self) -> None:
        """Free what the system keeps of it."""
        ...


@dataclass(eq=False)
class Worker:
    """One worker, and what it is at."""

    process: ProcessLike
    connection: "Connection[Order, Message]"
    is_ready: bool = field(default=False, init=False)
    job_id: str | None = field(default=None, init=False)
    stop_asked_s: float | None = field(default=None, init=False)  # by the monotonic clock
    reason: str = field(default="", init=False)  # of its death


Starter = Callable[[], Worker]


def process_starter(recipe: Recipe, n_workers: int) -> Starter:
    """Starts worker processes that share the cores.

    They are spawned, not forked: torch's threads do not survive a fork. They end on their own when this process
    does, however it ends.
    """
    context = multiprocessing.get_context("spawn")
    n_threads = max(1, n_cores() // n_workers) if n_workers > 1 else None

    def start() -> Worker:
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(there, recipe, n_threads), daemon=True)
        _leave_signals_to_the_server()
        process.start()
        there.close()  # so that the end of the process is the end of the pipe
        return Worker(process, here)

    return start


def _leave_signals_to_the_server() -> None:
    """Ctrl-C reaches all processes of a terminal, but ending is for the server to decide.

    What this thread blocks the process that it starts blocks, too, from its first moment on.
    """
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # now: when it starts, it unblocks them
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
