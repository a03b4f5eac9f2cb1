"""Transcribe recordings one after another; a failure does not stop the others."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from rich.box import SIMPLE
from rich.table import Table

from pianotrans.audio import check_file
from pianotrans.batch import Item
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.single_worker import SingleWorker
from pianotrans.commands.transcribe.piped import copied, is_piped, title_of
from pianotrans.commands.transcribe.planning import STDOUT, Plan
from pianotrans.errors import AudioError, OutputError, PianotransError
from pianotrans.names import shown
from pianotrans.workers.messages import Failed, Finished, Task
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import exists, here, write


@dataclass(frozen=True)
class _Done:
    """A recording whose results are written."""

    item: Item
    result: Finished


def transcribe_one_by_one(plan: Plan, recipe: Recipe, reporter: Reporter, *, overwrite: bool) -> int:
    """Transcribe every recording of a plan and show a summary. Returns the number of inputs that failed."""
    items = [item for item in plan.recordings if _can_start(item, reporter, overwrite=overwrite)]
    done = []
    with SingleWorker(recipe, reporter) as worker:
        for number, item in enumerate(items, 1):
            name = title_of(item.source)
            label = f"[{number}/{len(items)}] {name}" if len(items) > 1 else name
            answer = _transcribe(item, label, worker, reporter)
            if isinstance(answer, Finished) and _is_written(item, answer, reporter, overwrite=overwrite):
                done.append(_Done(item, answer))
    if done and not reporter.quiet:
        _show(done, reporter)
    n_failed = len(plan.recordings) - len(done)
    if n_failed and len(plan.recordings) > 1:
        reporter.say(f"{n_failed} of {len(plan.recordings)} inputs failed.")
    return n_failed


def _can_start(item: Item | PianotransError, reporter: Reporter, *, overwrite: bool) -> TypeGuard[Item]:
    """Check a recording and its outputs before the model is loaded; shows errors."""
    try:
        if isinstance(item, PianotransError):
            raise item
        if not overwrite:
            _check_free(item)
        if not is_piped(item.source):
            check_file(here(item.source))
    except PianotransError as error:
        reporter.error(error)
        return False
    return True


def _check_free(item: Item) -> None:
    """Raise OutputError if an output already exists."""
    for path in item.outputs.values():
        if path != STDOUT and exists(path):
            raise OutputError(f"{path}: already exists. Pass --overwrite to replace it.")


def _transcribe(item: Item, label: str, worker: SingleWorker, reporter: Reporter) -> Finished | Failed | None:
    """The results of a recording; otherwise its error has been shown."""
    if not is_piped(item.source):
        return worker.do(Task(item.name, item.source), label)
    try:
        with copied(here(item.source)) as copy:
            return worker.do(Task(item.name, copy, title_of(item.source)), label)
    except AudioError as error:
        reporter.error(error)
        return None


def _is_written(item: Item, result: Finished, reporter: Reporter, *, overwrite: bool) -> bool:
    """Write all formats; False after an error, which is shown."""
    reporter.detail(f"{item.source}: {result.n_notes} notes in {result.took_s:.2f} s")
    try:
        for name, path in item.outputs.items():
            if path == STDOUT:
                _write_stdout(result.contents[name])
            else:
                write(path, result.contents[name], overwrite=overwrite)
    except OutputError as error:
        reporter.error(error)
        return False
    return True


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
            shown(title_of(one.item.source)),
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
            reporter.say(f"{title_of(one.item.source)}: {remark}")
