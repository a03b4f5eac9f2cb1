"""Transcribe recordings one after another in this process; a failure does not stop the others."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from rich.box import SIMPLE
from rich.table import Table

from pianotrans.audio import open_audio
from pianotrans.batch import Item
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.transcribe.planning import STDOUT, Plan
from pianotrans.errors import OutputError, PianotransError
from pianotrans.names import shown
from pianotrans.workers.messages import Failed, Finished, Task
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import exists, here, write
from pianotrans.workers.worker import do_task, load

if TYPE_CHECKING:
    from pianotrans.inference.transcriber import Transcriber


@dataclass(frozen=True)
class _Done:
    """A recording whose results are written."""

    item: Item
    result: Finished


def transcribe_one_by_one(plan: Plan, recipe: Recipe, reporter: Reporter, *, overwrite: bool) -> int:
    """Transcribe every recording of a plan and show a summary. Returns the number of inputs that failed."""
    items = [item for item in plan.recordings if _can_start(item, recipe, reporter, overwrite=overwrite)]
    done = []
    if items:
        transcriber = _load(recipe, reporter)
        for number, item in enumerate(items, 1):
            label = f"[{number}/{len(items)}] {item.source.name}" if len(items) > 1 else item.source.name
            try:
                result = _transcribe(transcriber, item, recipe, label, reporter)
                if result is not None:
                    _write(item, result, overwrite=overwrite)
                    done.append(_Done(item, result))
            except OutputError as error:
                reporter.error(error)
    if done and not reporter.quiet:
        _show(done, reporter)
    n_failed = len(plan.recordings) - len(done)
    if n_failed and len(plan.recordings) > 1:
        reporter.say(f"{n_failed} of {len(plan.recordings)} inputs failed.")
    return n_failed


def _can_start(
    item: Item | PianotransError, recipe: Recipe, reporter: Reporter, *, overwrite: bool
) -> TypeGuard[Item]:
    """Check a recording and its outputs before the model is loaded; shows errors."""
    try:
        if isinstance(item, PianotransError):
            raise item
        if not overwrite:
            _check_free(item)
        open_audio(here(item.source), recipe.reading).close()
    except PianotransError as error:
        reporter.error(error)
        return False
    return True


def _check_free(item: Item) -> None:
    """Raise OutputError if an output already exists."""
    for path in item.outputs.values():
        if path != STDOUT and exists(path):
            raise OutputError(f"{path}: already exists. Pass --overwrite to replace it.")


def _load(recipe: Recipe, reporter: Reporter) -> "Transcriber":
    start = time.monotonic()
    with reporter.waiting("Loading the model …"):
        transcriber = load(recipe, reporter.say)
    reporter.detail(
        f"model {transcriber.entry.name} from {transcriber.entry.weights_path}, on {transcriber.device}, "
        f"loaded in {time.monotonic() - start:.1f} s"
    )
    return transcriber


def _transcribe(
    transcriber: "Transcriber", item: Item, recipe: Recipe, label: str, reporter: Reporter
) -> Finished | None:
    """The results of one recording; None if it failed, after reporting the error."""
    with reporter.working(label) as meter:
        answer = do_task(
            transcriber,
            recipe,
            Task(item.name, item.source),
            lambda progress: meter.update(progress.done_s, progress.total_s),
        )
    if isinstance(answer, Failed):
        reporter.detail(answer.trace.rstrip())
        reporter.error(PianotransError(answer.error))
        return None
    assert isinstance(answer, Finished)  # never cancelled
    reporter.detail(f"{item.source}: {answer.n_notes} notes in {answer.took_s:.2f} s")
    return answer


def _write(item: Item, result: Finished, *, overwrite: bool) -> None:
    """Write all formats. Raises OutputError if one cannot be written."""
    for name, path in item.outputs.items():
        if path == STDOUT:
            _write_stdout(result.contents[name])
        else:
            write(path, result.contents[name], overwrite=overwrite)


def _write_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputError(f"standard output: cannot be written ({error.strerror or error}).") from error


def _show(done: Sequence[_Done], reporter: Reporter) -> None:
    """Show a table with a row for each recording."""
    table = Table(box=None if reporter.is_plain else SIMPLE, pad_edge=False)
    table.add_column("recording", overflow="fold")
    for heading in ("notes", "pedals", "duration", "time taken", "speed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("written to", overflow="fold")
    for one in done:
        result, outputs = one.result, one.item.outputs.values()
        table.add_row(
            shown(one.item.source.name),
            str(result.n_notes),
            str(result.n_pedals),
            clock(result.audio_s),
            clock(result.took_s),
            f"{result.audio_s / result.took_s:.1f}x",
            shown(", ".join("standard output" if path == STDOUT else str(path) for path in outputs)),
        )
    reporter.console.print(table)
    for one in done:
        for remark in one.result.remarks:
            reporter.say(f"{one.item.source.name}: {remark}")
