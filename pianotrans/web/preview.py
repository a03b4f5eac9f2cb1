"""Notes while the page records: a process hears one recording at a time. Nothing is queued, and nothing is kept."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection

from pianotrans.errors import PianotransError, WorkerError
from pianotrans.processes import reason_of_death, start_with_pipe
from pianotrans.workers.pool import ProcessLike, end_process
from pianotrans.workers.previewing import (
    Awake,
    Deaf,
    Hush,
    Listen,
    LiveNews,
    LiveOrder,
    Sound,
    Struck,
    serve_previews,
)

_PATIENCE_S = 10.0  # a page that sends nothing for so long has gone
_WARM_S = 600.0
_STUCK_S = 5.0  # a process that takes no sound for so long is replaced
_SAMPLE_BYTES = 2

LiveStarter = Callable[[], tuple[ProcessLike, "Connection[LiveOrder, LiveNews]"]]
"""Starts the process; returns it and this end of its pipe. Raises OSError if it cannot be started."""


class PreviewTakenError(PianotransError):
    """Another recording is being heard."""

    def __str__(self) -> str:
        return "The server is listening to another recording."


class PreviewEndedError(PianotransError):
    """This recording is not being heard, or not any more."""

    def __str__(self) -> str:
        return "No such preview. It may have ended because nothing was sent for a while, or be too long."


@dataclass(frozen=True)
class News:
    """What has become certain since the page asked last."""

    is_ready: bool  # whether the model is loaded; until then sound is ignored
    heard_s: float
    struck: tuple[Struck, ...]


@dataclass
class _Hearing:
    """The recording that is being heard."""

    sample_rate: int
    last_s: float  # when something was sent, on the monotonic clock
    name: str = field(default_factory=lambda: secrets.token_hex(16))
    next_sample: int | None = None  # that the process expects; None: it has heard nothing yet
    heard_s: float = 0.0


class Preview:
    """One process, started with the first recording and ended when nothing was heard for a while. For any thread.

    Args:
        start_process: starts the process.
        patience_s: a recording of which nothing comes for so long makes room for another one.
        warm_s: how long the process lives after the last sound.
        max_s: the longest recording.
        detail: receives the tracebacks of bugs.
    """

    def __init__(
        self,
        start_process: LiveStarter | None = None,
        *,
        patience_s: float = _PATIENCE_S,
        warm_s: float = _WARM_S,
        max_s: float = float("inf"),
        detail: Callable[[str], None] = lambda _: None,
    ):
        self._start_process = start_process or partial(start_with_pipe, serve_previews, 1)
        self._patience_s, self._warm_s, self._max_s, self._detail = patience_s, warm_s, max_s, detail
        self._lock = threading.Lock()  # held while something is sent to the process, or read
        self._process: ProcessLike | None = None
        self._connection: Connection[LiveOrder, LiveNews] | None = None
        self._is_awake = False
        self._hearing: _Hearing | None = None
        self._used_s = 0.0
        self._timer: threading.Timer | None = None
        self._is_closed = False

    @property
    def is_warm(self) -> bool:
        """Whether the process is there."""
        return self._process is not None

    def begin(self, sample_rate: int) -> str:
        """Hear a recording (Hz) from now on; returns its id.

        Raises PreviewTakenError while another one is heard, WorkerError if the process cannot be started.
        """
        with self._turn():
            now_s = time.monotonic()
            if self._hearing is not None and now_s - self._hearing.last_s < self._patience_s:
                raise PreviewTakenError
            self._start()
            self._hush()
            self._hearing = _Hearing(sample_rate, now_s)
            return self._hearing.name

    def hear(self, name: str, first: int, samples: bytes) -> News:
        """Take samples of a recording, from number `first` on, and tell what is new, without waiting for the model.

        They have one channel and 16 bits, little-endian. Those that were sent before are ignored. If some are
        missing, hearing begins anew with the first of these.

        Raises PreviewEndedError for another id than that of the recording that is heard, and WorkerError if the
        process has died, cannot hear, or takes no sound.
        """
        with self._turn():
            hearing = self._of(name)
            hearing.last_s = self._used_s = time.monotonic()
            if first + len(samples) // _SAMPLE_BYTES > self._max_s * hearing.sample_rate:
                self._hush()
                raise PreviewEndedError
            struck = self._news(hearing)
            if self._is_awake:
                self._pass_on(hearing, first, samples)
            return News(self._is_awake, hearing.heard_s, struck)

    def end(self, name: str) -> None:
        """Hear no more of a recording. Raises PreviewEndedError if it is not heard."""
        with self._turn():
            self._of(name)
            self._hush()

    def close(self) -> None:
        """End the process at once, whatever it is doing."""
        self._is_closed = True
        self._kill()
        with self._lock:
            self._end()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_STUCK_S):
            self._kill()  # whoever has the lock waits for the process
            raise WorkerError("The process that listens does not answer, and was ended.")
        try:
            yield
        except (EOFError, OSError):
            raise WorkerError(f"The process that listens was {reason_of_death(self._end())}.") from None
        finally:
            self._lock.release()

    def _of(self, name: str) -> _Hearing:
        if self._hearing is None or self._hearing.name != name:
            raise PreviewEndedError
        return self._hearing

    def _news(self, hearing: _Hearing) -> tuple[Struck, ...]:
        """All that the process has told."""
        struck: list[Struck] = []
        assert self._connection is not None
        while self._connection.poll():
            news = self._connection.recv()
            if isinstance(news, Deaf):
                self._end()
                self._detail(news.trace or "")
                raise WorkerError(news.error)
            if isinstance(news, Awake):
                self._is_awake = True
            elif news.name == hearing.name:
                hearing.heard_s = news.heard_s
                struck += news.struck
        return tuple(struck)

    def _pass_on(self, hearing: _Hearing, first: int, samples: bytes) -> None:
        assert self._connection is not None
        end = first + len(samples) // _SAMPLE_BYTES
        if hearing.next_sample is None or first > hearing.next_sample:
            start_s = first / hearing.sample_rate
            self._connection.send(Listen(hearing.name, hearing.sample_rate, start_s))
            hearing.next_sample = first
        if end > hearing.next_sample:
            self._connection.send(Sound(samples[(hearing.next_sample - first) * _SAMPLE_BYTES :]))
            hearing.next_sample = end

    def _hush(self) -> None:
        self._hearing = None
        if self._connection is not None and self._is_awake:
            self._connection.send(Hush())

    def _start(self) -> None:
        if self._is_closed:
            raise WorkerError("The server is shutting down.")
        self._used_s = time.monotonic()
        if self._process is not None and self._process.exitcode is not None:
            self._end()  # it has died since
        if self._process is None:
            try:
                self._process, self._connection = self._start_process()
            except OSError as error:
                raise WorkerError(f"worker process: cannot be started ({error}). Free some memory.") from error
            self._set_timer(self._warm_s)

    def _set_timer(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cool)
        self._timer.daemon = True
        self._timer.start()

    def _cool(self) -> None:
        """End the process, unless it was used in the meantime."""
        with self._lock:
            left_s = self._used_s + self._warm_s - time.monotonic()
            if self._process is not None and left_s > 0:
                self._set_timer(left_s)
            else:
                self._end()

    def _kill(self) -> None:
        if (process := self._process) is not None:
            with suppress(ValueError):  # it has just ended
                process.kill()

    def _end(self) -> int | None:
        """End the process and free it; returns its exit code."""
        self._hearing, self._is_awake = None, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is None or connection is None:
            return None
        return end_process(process, connection)
