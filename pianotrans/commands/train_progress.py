"""The progress of a training run: a bar with the loss on a terminal, otherwise a line every ten seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from pianotrans.commands.console import Reporter, clock

if TYPE_CHECKING:
    from pianotrans.training.runs.checkpoints import Checkpoint
    from pianotrans.training.runs.loop import StepReport
    from pianotrans.training.runs.task import Validation

_PLAIN_INTERVAL_S = 10.0
_SMOOTHING = 0.05  # of the shown loss


@contextmanager
def show_progress(reporter: Reporter, n_steps: int) -> Iterator["_TrainingView"]:
    """Show the progress of a run of `n_steps`; yields the watcher of its loop."""
    if reporter.quiet or reporter.is_plain:
        yield _TrainingLines(reporter, n_steps)
        return
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[news]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=reporter.console, transient=True, speed_estimate_period=300) as progress:
        yield _TrainingBar(reporter, n_steps, progress)


class _TrainingView:
    """Smooths the loss and tells of checkpoints; its subclasses show the steps."""

    def __init__(self, reporter: Reporter, n_steps: int):
        self._reporter, self._n_steps = reporter, n_steps
        self._loss: float | None = None
        self._took_s = 0.0

    def stepped(self, report: "StepReport") -> None:
        if self._loss is None:
            self._loss, self._took_s = report.loss, report.took_s
        self._loss += _SMOOTHING * (report.loss - self._loss)
        self._took_s += _SMOOTHING * (report.took_s - self._took_s)
        self._show(report)

    def saved(self, checkpoint: "Checkpoint") -> None:
        self._reporter.detail(f"step {checkpoint.step}: saved as {checkpoint.folder}")

    def validated(self, step: int, validation: "Validation") -> None:
        self._reporter.say(f"step {step}: {validation.summary}")

    def ended(self) -> None:
        pass

    def _show(self, report: "StepReport") -> None:
        """Show a step."""

    def _news(self, report: "StepReport") -> str:
        return f"loss {self._loss:.2f}, gradient {report.gradient_norm:.3g}, rate {report.rate:.2g}"


class _TrainingLines(_TrainingView):
    """A line every ten seconds at most."""

    def __init__(self, reporter: Reporter, n_steps: int):
        super().__init__(reporter, n_steps)
        self._shown_s = time.monotonic()

    def _show(self, report: "StepReport") -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s >= _PLAIN_INTERVAL_S:
            self._shown_s = now_s
            left = clock((self._n_steps - report.step) * self._took_s)
            self._reporter.say(f"step {report.step} of {self._n_steps}: {self._news(report)}, about {left} left")


class _TrainingBar(_TrainingView):
    def __init__(self, reporter: Reporter, n_steps: int, progress: Progress):
        super().__init__(reporter, n_steps)
        self._progress = progress
        self._task = progress.add_task("training", total=n_steps, news="")

    def _show(self, report: "StepReport") -> None:
        self._progress.update(self._task, completed=report.step, news=self._news(report))
