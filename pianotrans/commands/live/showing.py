"""How notes are shown while they are played: a roll on a terminal, otherwise a line for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from pianotrans.commands.console import Reporter, make_console
from pianotrans.commands.live.roll import LEAST_WIDTH, TerminalRoll
from pianotrans.commands.streams import print_line
from pianotrans.live.decisions import Begun, LiveEvent
from pianotrans.live.session import Moment
from pianotrans.piano import PEDAL_KINDS

_FILE_WIDTH = 100
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Display(Protocol):
    """Anything that shows what was heard."""

    def add(self, moment: Moment) -> None:
        """Show what has become certain."""
        ...


class NoDisplay:
    """Shows nothing."""

    def add(self, moment: Moment) -> None:
        """See `Display`."""


class LineDisplay:
    """A line on standard output for each note and pedal as it begins, and for each pedal as it is lifted."""

    def add(self, moment: Moment) -> None:
        """See `Display`."""
        for event in moment.events:
            if (text := line_of(event)) is not None:
                print_line(text)


@contextmanager
def showing(reporter: Reporter) -> Iterator[Display]:
    """The display that suits standard output, for as long as the block lasts."""
    console = make_console(_FILE_WIDTH)
    if reporter.quiet:
        yield NoDisplay()
    elif not console.is_terminal or console.width < LEAST_WIDTH:
        yield LineDisplay()
    else:
        from rich.live import Live

        roll = TerminalRoll()
        with Live(roll, console=console, refresh_per_second=12, vertical_overflow="crop"):
            yield roll


def line_of(event: LiveEvent) -> str | None:
    """An event in words; None for the end of a note."""
    if isinstance(event, Begun):
        if event.number < 0:
            return f"{event.onset_s:9.3f} s  {PEDAL_KINDS[-event.number]} pedal down"
        name = f"{_NAMES[event.number % 12]}{event.number // 12 - 1}"
        return f"{event.onset_s:9.3f} s  {name:<4} velocity {event.velocity}"
    if event.number < 0:
        return f"{event.played.offset_s:9.3f} s  {PEDAL_KINDS[-event.number]} pedal up"
    return None
