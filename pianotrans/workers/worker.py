"""A worker: it loads one model and transcribes one recording after another."""

import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Protocol

from pianotrans.errors import Cancelled, FetchError, PianotransError
from pianotrans.events import Note, Pedal, Performance
from pianotrans.memory import limited_decoding
from pianotrans.processes import ignore_interrupts, limit_threads, offer_to_die_first
from pianotrans.workers.formats import AudioFile
from pianotrans.workers.length import MARGIN_S, check_length, measure_s
from pianotrans.workers.messages import (
    Cancel,
    Decided,
    Failed,
    Finished,
    Message,
    Order,
    Progressed,
    Ready,
    Said,
    Stopped,
    Task,
    Unable,
)
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.rendering import render
from pianotrans.workers.storage import readable

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import CancelSignal, Progress, Transcriber

_HUNG_UP = (EOFError, BrokenPipeError, ConnectionResetError)


class Inbox(Protocol):
    """A source of orders, for example one end of a pipe."""

    def recv(self) -> Order:
        """Wait for the next order."""
        ...

    def poll(self) -> bool:
        """Whether an order is waiting."""
        ...


def serve(connection: "Connection[Message, Order]", recipe: Recipe, n_threads: int | None) -> None:
    """The main function of a worker process: follow orders until the other side closes the pipe.

    Args:
        connection: brings orders and takes messages.
        recipe: how to transcribe every recording.
        n_threads: number of threads to compute with; None leaves the choice to torch.
    """
    ignore_interrupts()
    limit_threads(n_threads)
    offer_to_die_first()
    with suppress(*_HUNG_UP):
        work(recipe, connection, connection.send)


def work(recipe: Recipe, inbox: Inbox, send: Callable[[Message], None]) -> None:
    """Load the model and follow the orders of an inbox; returns only if the model cannot be loaded.

    The memory of decoding is limited: recordings are of unknown origin.
    """
    try:
        transcriber = load(recipe, lambda line: send(Said(line)))
    except PianotransError as error:
        send(Unable(error))
        return
    send(Ready(str(transcriber.device), transcriber.entry.name))
    with limited_decoding():
        while True:
            order = inbox.recv()
            if isinstance(order, Task):  # a cancellation that comes too late is ignored
                send(do_task(transcriber, recipe, order, send, _Cancellation(inbox, order.name)))


def load(recipe: Recipe, say: Callable[[str], None]) -> "Transcriber":
    """The transcriber of a recipe; `say` receives news about downloads. Raises the errors of `Transcriber`."""
    from pianotrans.inference.transcriber import Transcriber

    return Transcriber(
        recipe.model,
        device=recipe.device,
        precision=recipe.precision,
        hop_s=recipe.hop_s,
        confidence=recipe.confidence,
        tuning=recipe.tuning,
        pedal_bias=recipe.pedal_bias,
        declip=recipe.declip,
        say=say,
    )


def do_task(
    transcriber: "Transcriber",
    recipe: Recipe,
    task: Task,
    tell: Callable[[Progressed | Decided], object],
    cancel: "CancelSignal | None" = None,
) -> Finished | Failed | Stopped:
    """Turn one recording into the contents of its output files. Every failure of any kind becomes the answer.

    Only errors of a closed pipe are raised: they mean that the caller is gone.
    """
    start = time.monotonic()
    cancel = cancel or threading.Event()  # never set
    try:
        with readable(task.source, task.title) as source:
            narrator = _Narrator(tell, tells_notes=task.is_followed)
            performance = _transcribe(transcriber, recipe, task, source, narrator, cancel)
            performance, contents = render(performance, recipe, source)
        if cancel.is_set():
            return Stopped()
    except _HUNG_UP:
        raise
    except Cancelled:
        return Stopped()
    except Exception as error:
        message = str(error) if isinstance(error, PianotransError) else _unexpected(task, error)
        trace = "".join(traceback.format_exception(error))
        is_lasting = not isinstance(error, FetchError)
        return Failed(" ".join(message.split()), trace, time.monotonic() - start, is_lasting)
    took_s = time.monotonic() - start
    remarks = tuple(remark.text for remark in performance.remarks)
    audio_s = performance.duration_s - recipe.reading.origin_s
    return Finished(contents, audio_s, took_s, len(performance.notes), len(performance.pedals), remarks)


def _transcribe(
    transcriber: "Transcriber",
    recipe: Recipe,
    task: Task,
    source: AudioFile,
    narrator: "_Narrator",
    cancel: "CancelSignal",
) -> Performance:
    """Transcribe a recording. If lengths are limited, measure it before and check the result afterwards."""
    max_s, reading = recipe.max_duration_s, recipe.reading
    if max_s is not None:
        narrator.total_s = measure_s(source, max_s, cancel, reading)
        check_length(source, narrator.total_s, max_s)
        reading = replace(reading, end_s=max_s + MARGIN_S)
    follow = partial(
        transcriber.transcribe, on_progress=narrator.progress, on_decided=narrator.gather, cancel=cancel
    )
    if task.degraded is None:
        performance = follow(source, reading=reading)
    else:
        with task.degraded.open(source, reading) as reader:
            performance = follow(reader)
    if max_s is not None:
        check_length(source, performance.duration_s, max_s)  # headers can be wrong
    return performance


class _Narrator:
    """Tells how far a transcription has come, and what it has decided since then if that is asked for."""

    def __init__(self, tell: Callable[[Progressed | Decided], object], *, tells_notes: bool):
        self.total_s: float | None = None  # length of the recording, if it was measured
        self._tell, self._tells_notes = tell, tells_notes
        self._untold: list[Note | Pedal] = []

    def gather(self, event: Note | Pedal) -> None:
        if self._tells_notes:
            self._untold.append(event)

    def progress(self, progress: "Progress") -> None:
        if self.total_s is None:
            self._tell(Progressed(progress.done_s, progress.total_s))
        else:
            self._tell(Progressed(min(progress.done_s, self.total_s), self.total_s))
        if self._tells_notes:
            notes = tuple(one for one in self._untold if isinstance(one, Note))
            pedals = tuple(one for one in self._untold if isinstance(one, Pedal))
            self._untold.clear()
            self._tell(Decided(notes, pedals, progress.final_s))


class _Cancellation:
    """Becomes set once the order to cancel the task has arrived; asked before every segment."""

    def __init__(self, inbox: Inbox, name: str):
        self._inbox, self._order = inbox, Cancel(name)
        self._is_set = False

    def is_set(self) -> bool:
        while not self._is_set and self._inbox.poll():
            self._is_set = self._inbox.recv() == self._order
        return self._is_set


def _unexpected(task: Task, error: Exception) -> str:
    name = task.title or task.source
    return f"{name}: unexpected {type(error).__name__}: {error}. Please report this with the output of --verbose."
