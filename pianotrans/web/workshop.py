"""The process that writes edited transcriptions, so that neither the server nor a transcription waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection

from pianotrans.errors import EditsError, PianotransError, WorkerError
from pianotrans.processes import reason_of_death, start_with_pipe
from pianotrans.workers.pool import ProcessLike, end_process
from pianotrans.workers.revising import Refused, Revise, Revised, serve_revisions

_LIMIT_S = 120.0
_WARM_S = 600.0
_MOST_WAITING = 8

Starter = Callable[[], tuple[ProcessLike, "Connection[Revise, Revised | Refused]"]]
"""Starts the process; returns it and this end of its pipe. Raises OSError if it cannot be started."""


class WorkshopBusyError(PianotransError):
    """Too many wait for the process."""

    def __str__(self) -> str:
        return "Too many edited transcriptions are being written. Try again in a few seconds."


class Workshop:
    """One process, started on demand and ended when nothing was asked for a while. For any number of threads.

    Args:
        start_process: starts the process.
        warm_s: how long the process lives after its last order.
        detail: receives the tracebacks of bugs.
    """

    def __init__(
        self,
        start_process: Starter | None = None,
        *,
        warm_s: float = _WARM_S,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self._start_process = start_process or partial(start_with_pipe, serve_revisions, 1)
        self._warm_s, self._detail = warm_s, detail
        self._places = threading.BoundedSemaphore(_MOST_WAITING)
        self._lock = threading.Lock()  # held while the process works
        self._running: tuple[ProcessLike, Connection[Revise, Revised | Refused]] | None = None
        self._timer: threading.Timer | None = None
        self._is_closed = False

    @property
    def is_warm(self) -> bool:
        """Whether the process is there."""
        return self._running is not None

    def revise(self, order: Revise, limit_s: float = _LIMIT_S) -> bytes:
        """The content of a file; waits for it. If it takes longer than the limit, the process is replaced.

        Raises EditsError if the order cannot be done, WorkshopBusyError if too many wait, WorkerError if the
        process dies or takes too long.
        """
        with self._turn():
            connection = self._started()
            try:
                connection.send(order)
                if not connection.poll(limit_s):
                    self._end()
                    raise WorkerError(f"{order.title}: this took longer than {limit_s:g} s and was stopped.")
                answer = connection.recv()
            except (EOFError, OSError):
                reason = reason_of_death(self._end())
                raise WorkerError(f"{order.title}: the process that writes it was {reason}. Try again.") from None
        if isinstance(answer, Revised):
            return answer.content
        if answer.trace is not None:
            self._detail(answer.trace)
            raise WorkerError(f"{order.title}: {answer.error}. The server's terminal shows the details.")
        raise EditsError(answer.error)

    def close(self) -> None:
        """End the process at once, whatever it is doing."""
        self._is_closed = True
        if (running := self._running) is not None:
            with suppress(ValueError):  # it has just ended
                running[0].kill()
        with self._lock:
            self._end()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise WorkshopBusyError
        try:
            with self._lock:
                self._stop_timer()
                try:
                    yield
                finally:
                    if self._running is not None:
                        self._set_timer()
        finally:
            self._places.release()

    def _started(self) -> "Connection[Revise, Revised | Refused]":
        if self._is_closed:
            raise WorkerError("The server is shutting down.")
        if self._running is None:
            try:
                self._running = self._start_process()
            except OSError as error:
                raise WorkerError(f"worker process: cannot be started ({error}). Free some memory.") from error
        return self._running[1]

    def _set_timer(self) -> None:
        self._timer = threading.Timer(self._warm_s, self._cool)
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cool(self) -> None:
        """End the process, unless it has just been asked for something."""
        if self._lock.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._lock.release()

    def _end(self) -> int | None:
        """End the process and free it; returns its exit code."""
        self._stop_timer()
        if self._running is None:
            return None
        process, connection = self._running
        self._running = None
        return end_process(process, connection)
