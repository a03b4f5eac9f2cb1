"""What `evaluate` shows: progress and failures while it works, then the scores, and where its files are."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pianotrans.batch import RunWatcher
from pianotrans.batch.dataset_watcher import DatasetWatcher
from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluate.tables import print_evaluation
from pianotrans.commands.streams import print_line
from pianotrans.commands.transcribe.progress import show_progress
from pianotrans.errors import FAILED, EvaluationError
from pianotrans.evaluation import Evaluation, Failure, to_dict
from pianotrans.evaluation.saving import check_free
from pianotrans.files import make_folder


def check_output(folder: Path | None, *, overwrite: bool) -> None:
    """Before time is spent on scoring: make the folder, and raise OutputError if its files cannot be written."""
    if folder is not None:
        make_folder(folder)
        check_free(folder, overwrite=overwrite)


@contextmanager
def show_evaluation(reporter: Reporter) -> Iterator[DatasetWatcher]:
    """Show the progress of an evaluation that is watched by the given watcher, and all that has no score."""
    bar = _StepBar(reporter)
    try:
        yield _EvaluationView(reporter, bar)
    finally:
        bar.close()


def finish(
    evaluation: Evaluation,
    output: Path | None,
    reporter: Reporter,
    *,
    overwrite: bool,
    as_json: bool,
    seed: int,
    detail: bool = False,
) -> None:
    """Write the files, print the scores on standard output, and exit with 1 if there were failures."""
    if output is not None:  # first: standard output may fail
        names = evaluation.save(output, overwrite=overwrite, seed=seed)
        reporter.say(f"written to {output}: {', '.join(names)}")
    if as_json:
        print_line(json.dumps(to_dict(evaluation, seed=seed), indent=1, allow_nan=False))
    else:
        print_evaluation(evaluation, seed, detail=detail)
    if evaluation.failures:
        raise typer.Exit(FAILED)


class _StepBar:
    """A bar for one step after another, each of which counts pieces; on a terminal only."""

    def __init__(self, reporter: Reporter):
        self._console = reporter.console
        self._is_shown = not (reporter.quiet or reporter.is_plain)
        self._progress: Progress | None = None

    def show(self, step: str, n_done: int, n_all: int) -> None:
        if not self._is_shown:
            return
        if self._progress is None:
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.add_task(step, total=n_all)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], completed=n_done)
        if n_done == n_all:
            self.close()

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class _EvaluationView(DatasetWatcher):
    """Shows what happens on standard error. What has no score is told even with --quiet: scores may mislead."""

    def __init__(self, reporter: Reporter, bar: _StepBar):
        self._reporter, self._bar = reporter, bar

    def unmatched(self, line: str) -> None:
        self._reporter.notice(line)

    def remarked(self, line: str) -> None:
        self._reporter.say(line)

    def warned(self, line: str) -> None:
        self._reporter.warn(line)

    def failed(self, failure: Failure) -> None:
        self._reporter.error(EvaluationError(f"{failure.name}: not scored. {failure.reason}"))

    def checked(self, n_done: int, n_all: int) -> None:
        self._bar.show("reading the MIDI", n_done, n_all)

    def degrading(self, line: str) -> None:
        self._reporter.say(line)

    def transcribing(self) -> AbstractContextManager[RunWatcher]:
        return show_progress(self._reporter)

    def scored(self, n_done: int, n_all: int) -> None:
        self._bar.show("scoring", n_done, n_all)
