"""A process that listens, as a thread, with a model that hears what it is told to."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from typing import Any

from pianotrans.live.hearing import LiveModel
from pianotrans.web.preview import Preview
from pianotrans.workers.previewing import Awake, hear_all
from tests.live.made import NUMBERS, PLAN, Span, hears


class ListeningThread:
    """Looks like the process."""

    def __init__(self, main: Callable[[Any], None]):
        self.exitcode: int | None = None
        self.here, self._there = Pipe()
        self._main = main
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """Both ends notice, whatever they are doing."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._there.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _run(self) -> None:
        try:
            with suppress(EOFError, OSError):
                self._main(self._there)
        finally:
            self.exitcode = 3
            with suppress(OSError):
                self._there.close()


class Listeners:
    """Starts threads in place of the process, and counts them."""

    def __init__(self, main: Callable[[Any], None]):
        self.main = main
        self.n = 0

    def __call__(self) -> Any:
        self.n += 1
        thread = ListeningThread(self.main)
        return thread, thread.here


def listening(model: LiveModel) -> Listeners:
    """A process whose model is loaded at once."""

    def main(connection: Any) -> None:
        connection.send(Awake())
        hear_all(connection, model)

    return Listeners(main)


def preview_of(spans: Sequence[Span], **options: Any) -> Preview:
    """A preview that hears these notes, in frames of 0.01 s, whatever is played and however late it comes."""
    plan = replace(PLAN, sample_rate=16_000, frame_samples=160, window_frames=1000, heard_frames=1000)
    return Preview(listening(LiveModel("made", hears(spans, plan), plan, NUMBERS)), **options)
