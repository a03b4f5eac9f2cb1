"""Show the progress of a collection: bars on a terminal, otherwise occasional lines."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from pianotrans.batch import End, Item, Outcome, RunWatcher
from pianotrans.batch.estimate import Estimate, size_of
from pianotrans.commands.console import Reporter, clock
from pianotrans.errors import PianotransError
from pianotrans.names import shown

_PLAIN_INTERVAL_S = 10.0
_MANY = 10_000  # recordings: to look at them takes seconds, so say what is being done


@contextmanager
def show_progress(reporter: Reporter) -> Iterator[RunWatcher]:
    """Show the progress of a run that uses the returned watcher."""
    if reporter.quiet or reporter.is_plain:
        yield _PlainView(reporter)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[news]}", markup=False),
    )
    with Progress(*columns, console=reporter.console, transient=True) as progress:
        yield _BarView(reporter, progress)


class _View(RunWatcher):
    """Counts recordings and seconds; subclasses show them."""

    def __init__(self, reporter: Reporter):
        self._reporter = reporter
        self._start_s = time.monotonic()
        self._estimate = Estimate([])
        self._n_all = self._n_ended = 0

    def surveying(self, n_items: int) -> None:
        if n_items >= _MANY:
            self._reporter.say(f"Looking at {n_items} recordings …")

    def surveyed(self, todo: list[Item], before: list[Outcome], n_taken: int) -> None:
        self._n_all = len(todo) + len(before) + n_taken
        self._n_ended = len(before)
        for end in (End.done_before, End.failed_before):
            if n := sum(outcome.end is end for outcome in before):
                self._reporter.say(f"{n} of {self._n_all} {end}.")
        if n_taken:
            self._reporter.say(f"{n_taken} of {self._n_all} are in progress in another run.")
        self._estimate = Estimate((item, size_of(item.source)) for item in todo)

    def said(self, line: str) -> None:
        self._reporter.say(line)

    def started(self, item: Item) -> None:
        if not self._estimate.done_s:
            self._start_s = time.monotonic()
        self._reporter.detail(f"{item.name}: started")

    def progressed(self, item: Item, done_s: float, total_s: float | None) -> None:
        self._estimate.progressed(item, done_s, total_s)
        self._show()

    def ended(self, outcome: Outcome) -> None:
        self._n_ended += 1
        self._estimate.ended(outcome.item, outcome.audio_s if outcome.end is End.done else 0.0)
        if outcome.is_good:
            self._reporter.detail(f"{outcome.item.name}: {outcome.end}, in {outcome.took_s:.2f} s")
            for remark in outcome.remarks:
                self._reporter.say(f"{outcome.item.name}: {remark}")
        else:
            if outcome.trace:
                self._reporter.detail(outcome.trace.rstrip())
            self._reporter.error(PianotransError(outcome.error))
        self._show()

    def _show(self) -> None:
        """Show the current state."""

    def _news(self) -> str:
        """42 of 100 recordings, 1:20:00 of 3:10:00 of audio, 8.1x real time, about 13:40 left."""
        elapsed_s = time.monotonic() - self._start_s
        left_s = self._estimate.left_s(elapsed_s)
        done, total = clock(self._estimate.done_s), clock(self._estimate.total_s)
        text = f"{self._n_ended} of {self._n_all} recordings, {done} of {total} of audio"
        if left_s is not None:
            text += f", {self._estimate.done_s / elapsed_s:.1f}x real time, about {clock(left_s)} left"
        return text


class _PlainView(_View):
    """Failures, and at most one line every ten seconds."""

    def __init__(self, reporter: Reporter):
        super().__init__(reporter)
        self._shown_s = time.monotonic()

    def _show(self) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s >= _PLAIN_INTERVAL_S:
            self._shown_s = now_s
            self._reporter.say(self._news())


class _BarView(_View):
    """A bar for the whole collection, and one for every recording in progress."""

    def __init__(self, reporter: Reporter, progress: Progress):
        super().__init__(reporter)
        self._progress = progress
        self._whole = progress.add_task("all", total=None, news="looking at the recordings")
        self._bars: dict[str, TaskID] = {}

    def started(self, item: Item) -> None:
        super().started(item)
        self._remove(item)  # the bar of a worker that died
        name = shown(item.source.name)
        self._bars[item.name] = self._progress.add_task(name, total=None, news="")

    def progressed(self, item: Item, done_s: float, total_s: float | None) -> None:
        super().progressed(item, done_s, total_s)
        news = clock(done_s) + (f" of {clock(total_s)}" if total_s else "")
        self._progress.update(self._bars[item.name], completed=done_s, total=total_s, news=news)

    def ended(self, outcome: Outcome) -> None:
        super().ended(outcome)
        self._remove(outcome.item)

    def _show(self) -> None:
        done_s, total_s = self._estimate.done_s, self._estimate.total_s
        self._progress.update(self._whole, completed=done_s, total=total_s or None, news=self._news())

    def _remove(self, item: Item) -> None:
        bar = self._bars.pop(item.name, None)
        if bar is not None:
            self._progress.remove_task(bar)
