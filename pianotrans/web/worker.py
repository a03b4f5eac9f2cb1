"""A worker: one process, one loaded model, one recording after the other. Only here anything is decoded."""

import io
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pianotrans.audio import open_audio
from pianotrans.errors import AudioError, Cancelled, PianotransError
from pianotrans.events import Performance
from pianotrans.events.export import encode
from pianotrans.files import write_atomically
from pianotrans.processes import limit_threads
from pianotrans.web.folders import JobFolder
from pianotrans.web.job import Format
from pianotrans.web.messages import (
    Cancel,
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

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import Transcriber

_MARGIN_S = 1.0  # so much more than may be is decoded of a recording that does not say how long it is


@dataclass(frozen=True)
class Recipe:
    """How every recording is transcribed."""

    model: str | None = None
    device: str = "auto"
    precision: str = "auto"
    hop_s: float | None = None
    allow_truncated: bool = False
    max_duration_s: float = 7200.0


def serve(connection: "Connection[Message, Order]", recipe: Recipe, n_threads: int | None) -> None:
    """The main function of a worker process: follow orders until the other side hangs up."""
    limit_threads(n_threads)
    _offer_to_die_first()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the server is gone
        work(connection, recipe)


def work(connection: "Connection[Message, Order]", recipe: Recipe) -> None:
    """Load the model and follow orders; returns only if there is no model."""
    try:
        transcriber = _load(recipe, lambda line: connection.send(Said(line)))
    except PianotransError as error:
        connection.send(Unable(error))
        return
    connection.send(Ready(str(transcriber.device), transcriber.entry.name))
    while True:
        order = connection.recv()
        if isinstance(order, Task):  # a cancellation may come too late
            connection.send(do_task(transcriber, recipe, order, connection))


def do_task(
    transcriber: "Transcriber", recipe: Recipe, task: Task, connection: "Connection[Message, Order]"
) -> Finished | Failed | Stopped:
    """Transcribe one recording into its folder. Every failure that is the recording's becomes the answer."""
    cancel = _CancelledByOrder(connection, task.job_id)
    try:
        with _open_named(task) as file:
            performance = _transcribe(transcriber, recipe, file, cancel, connection.send)
            contents = _contents(performance, file, task.name, allow_truncated=recipe.allow_truncated)
        cancel.check(task.name)
        for format_, content in contents.items():
            write_atomically(JobFolder(task.folder).result(format_), content, overwrite=True)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Cancelled:
        return Stopped()
    except Exception as error:
        is_ours = isinstance(error, PianotransError)
        text = str(error) if is_ours else f"{task.name}: unexpected {type(error).__name__}: {error}."
        return Failed(" ".join(text.split()), "".join(traceback.format_exception(error)))
    return Finished(performance.duration_s, len(performance.notes), len(performance.pedals))


class _CancelledByOrder:
    """The work on a task is to stop when the server says so; looked at before every segment."""

    def __init__(self, connection: "Connection[Message, Order]", job_id: str):
        self._connection, self._job_id = connection, job_id

    def is_set(self) -> bool:
        while self._connection.poll():
            order = self._connection.recv()
            if isinstance(order, Cancel) and order.job_id == self._job_id:
                return True
        return False

    def check(self, name: str) -> None:
        """Raise Cancelled if so; EOFError if the server is gone."""
        if self.is_set():
            raise Cancelled(f"{name}: stopped, as asked.")


def _offer_to_die_first() -> None:
    """If memory runs out, Linux is to end this process rather than the server."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _load(recipe: Recipe, say: Callable[[str], None]) -> "Transcriber":
    from pianotrans.inference.transcriber import Transcriber

    return Transcriber(recipe.model, device=recipe.device, precision=recipe.precision, hop_s=recipe.hop_s, say=say)


def _open_named(task: Task) -> BinaryIO:
    """The recording, called in messages as the user calls it."""
    raw = io.FileIO(JobFolder(task.folder).recording)
    raw.name = task.name
    return io.BufferedReader(raw)


def _transcribe(
    transcriber: "Transcriber",
    recipe: Recipe,
    file: BinaryIO,
    cancel: _CancelledByOrder,
    send: Callable[[Message], None],
) -> Performance:
    duration_s = measure_s(file, recipe, cancel)
    _check_length(file.name, duration_s, recipe.max_duration_s)
    performance = transcriber.transcribe(
        file,
        on_progress=lambda progress: send(Progressed(min(progress.done_s, duration_s), duration_s)),
        cancel=cancel,
        allow_truncated=recipe.allow_truncated,
        limit_s=recipe.max_duration_s + _MARGIN_S,
    )
    _check_length(file.name, performance.duration_s, recipe.max_duration_s)  # headers may say what they like
    return performance


def measure_s(file: BinaryIO, recipe: Recipe, cancel: _CancelledByOrder) -> float:
    """How long a recording is; one that does not say is decoded, though not for much longer than it may be."""
    with open_audio(file, allow_truncated=recipe.allow_truncated) as reader:
        if reader.info.duration_s is not None:
            return reader.info.duration_s
    limit_s = recipe.max_duration_s + _MARGIN_S
    with open_audio(file, allow_truncated=recipe.allow_truncated, limit_s=limit_s) as reader:
        n_samples = 0
        for block in reader.blocks():
            n_samples += block.shape[1]
            cancel.check(file.name)
    return n_samples / reader.info.sample_rate


def _check_length(name: str, duration_s: float, max_duration_s: float) -> None:
    if duration_s > max_duration_s:
        raise AudioError(
            f"{name}: {duration_s / 60:.1f} minutes or more, and {max_duration_s / 60:g} are the most here. "
            "Cut it, or start the server with a larger --max-minutes."
        )


def _contents(performance: Performance, file: BinaryIO, name: str, *, allow_truncated: bool) -> dict[Format, bytes]:
    """All results, as `transcribe` would write them."""
    from pianotrans.views import report_page

    page = report_page(performance, file, title=name, allow_truncated=allow_truncated)
    return {
        format_: page if format_ is Format.html else encode(performance, f"performance.{format_}")
        for format_ in Format
    }
