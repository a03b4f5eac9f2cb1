"""A worker: one process, one loaded model, one recording after the other."""

import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from pianotrans.errors import FetchError, PianotransError
from pianotrans.processes import limit_threads
from pianotrans.workers.messages import Failed, Finished, Message, Progressed, Ready, Said, Task, Unable
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.rendering import render
from pianotrans.workers.storage import readable

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import Transcriber


def serve(connection: "Connection[Message, Task]", recipe: Recipe, n_threads: int | None) -> None:
    """The main function of a worker process: answer tasks until the other side hangs up.

    Args:
        connection: where tasks come from and messages go to.
        recipe: what to make of every recording.
        n_threads: how many to compute on; None: as many as torch thinks best.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the run decides what it means
    limit_threads(n_threads)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the run is over, or dead
        work(recipe, connection.recv, connection.send)


def work(recipe: Recipe, receive: Callable[[], Task], send: Callable[[Message], None]) -> None:
    """Load the model and answer tasks, whatever brings and takes them; returns only if there is no model."""
    try:
        transcriber = _load(recipe, lambda line: send(Said(line)))
    except PianotransError as error:
        send(Unable(error))
        return
    send(Ready(str(transcriber.device)))
    while True:
        send(transcribe_task(transcriber, recipe, receive(), send))


def transcribe_task(
    transcriber: "Transcriber", recipe: Recipe, task: Task, tell: Callable[[Progressed], object]
) -> Finished | Failed:
    """Do one task. Every failure that is the recording's, of whatever kind, becomes the answer.

    An error that `tell` raises because nobody listens any more is passed on.
    """
    start = time.monotonic()
    try:
        with readable(task.source) as source:
            performance = transcriber.transcribe(
                source,
                on_progress=lambda progress: tell(Progressed(progress.done_s, progress.total_s)),
                allow_truncated=recipe.allow_truncated,
                limit_s=recipe.limit_s,
            )
            performance, contents = render(performance, recipe, source)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        message = str(error) if isinstance(error, PianotransError) else _unexpected(task, error)
        trace = "".join(traceback.format_exception(error))
        is_lasting = not isinstance(error, FetchError)
        return Failed(" ".join(message.split()), trace, time.monotonic() - start, is_lasting)
    return Finished(contents, performance.duration_s, time.monotonic() - start, performance.n_notes)


def _load(recipe: Recipe, say: Callable[[str], None]) -> "Transcriber":
    from pianotrans.inference.transcriber import Transcriber

    return Transcriber(
        recipe.model,
        device=recipe.device,
        precision=recipe.precision,
        hop_s=recipe.hop_s,
        confidence=recipe.needs_confidence,
        say=say,
    )


def _unexpected(task: Task, error: Exception) -> str:
    return f"{task.source}: unexpected {type(error).__name__}: {error}. --verbose shows where."
