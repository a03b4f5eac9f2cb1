"""Messages and progress of a command on standard error: rich on a terminal, otherwise plain lines.

Text is shown as it is: names of files may look like markup or emoji, and may hold what a terminal would obey.
"""

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pianotrans.names import shown

_PLAIN_WIDTH = 200  # plain lines are for files and pipes: do not fold them
_PLAIN_INTERVAL_S = 10.0


def make_console(file_width: int, *, stderr: bool = False) -> Console:
    """A console that prints text as it is, `file_width` characters wide where it is no terminal."""
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if console.is_terminal:
        return console
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=file_width, color_system=None)


class Reporter:
    """Prints messages and progress, as much as `--quiet` and `--verbose` allow."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False):
        self.console = make_console(_PLAIN_WIDTH, stderr=True)
        self.quiet = quiet
        self.verbose = verbose

    @property
    def is_plain(self) -> bool:
        """Whether standard error is not a terminal."""
        return not self.console.is_terminal

    def say(self, message: str) -> None:
        """Print one line, except with `--quiet`."""
        if not self.quiet:
            self._print(shown(message))

    def detail(self, message: str) -> None:
        """Print lines with `--verbose` only."""
        if self.verbose:
            self._print(_shown_lines(message), style="dim")

    def error(self, error: Exception, message: str | None = None) -> None:
        """Print an error in one line, by default its own message; with `--verbose` also its traceback."""
        if self.verbose:
            self._print(_shown_lines("".join(traceback.format_exception(error)).rstrip()))
        self._print(shown(message or str(error) or type(error).__name__), Text("error: ", "bold red"))

    @contextmanager
    def waiting(self, label: str) -> Iterator[None]:
        """Show a spinner on a terminal, for work of unknown length."""
        if self.quiet or self.is_plain:
            yield
        else:
            with self.console.status(Text(shown(label))):
                yield

    def notice(self, message: str) -> None:
        """Print one line even with `--quiet`."""
        self._print(shown(message))

    def warn(self, message: str) -> None:
        """Print one line even with `--quiet`: results may be misleading."""
        self._print(shown(message), Text("warning: ", "bold yellow"))

    @contextmanager
    def working(self, label: str) -> Iterator["Meter"]:
        """Show the progress of one recording."""
        if self.quiet:
            yield Meter()
        elif self.is_plain:
            yield _PlainMeter(self, label)
        else:
            with _bar(self.console) as progress:
                task = progress.add_task(shown(label), total=None)
                yield _BarMeter(progress, task)

    def _print(self, text: str, prefix: Text | None = None, style: str = "") -> None:
        self.console.print((prefix or Text()) + Text(text, style), soft_wrap=True)


@dataclass
class Meter:
    """Receives the progress of one recording; this base class ignores it."""

    def update(self, done_s: float, total_s: float | None) -> None:
        """Seconds of the recording that are done, and its length if known."""


class _BarMeter(Meter):
    def __init__(self, progress: Progress, task: int):
        self._progress, self._task = progress, task

    def update(self, done_s: float, total_s: float | None) -> None:
        self._progress.update(self._task, completed=done_s, total=total_s)  # type: ignore[arg-type]


class _PlainMeter(Meter):
    """A line at the start, and one every ten seconds of work."""

    def __init__(self, reporter: Reporter, label: str):
        self._reporter, self._label = reporter, label
        self._start = self._last = time.monotonic()
        self._reporter.say(f"{label}: started")

    def update(self, done_s: float, total_s: float | None) -> None:
        now = time.monotonic()
        if now - self._last < _PLAIN_INTERVAL_S or done_s <= 0 or done_s == total_s:
            return
        self._last = now
        speed = done_s / (now - self._start)
        of_total = f" of {clock(total_s)}, about {clock((total_s - done_s) / speed)} left" if total_s else ""
        self._reporter.say(f"{self._label}: {clock(done_s)}{of_total}, {speed:.1f}x real time")


class _SpeedColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.completed / task.elapsed if task.elapsed else 0.0
        return Text(f"{speed:.1f}× real time" if speed else "", style="cyan")


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        _SpeedColumn(),
        console=console,
        transient=True,
    )


def clock(seconds: float) -> str:
    """A duration for people: 8.3 s, 2:05, 1:02:05."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _shown_lines(text: str) -> str:
    return "\n".join(map(shown, text.split("\n")))
