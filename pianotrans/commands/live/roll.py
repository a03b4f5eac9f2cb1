"""A piano roll on the terminal: a column for each key, the last seconds from top to bottom."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from pianotrans.live.decisions import Begun, LiveEvent
from pianotrans.live.session import Moment
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY, PEDAL_KINDS

LEAST_WIDTH = 60  # columns; fewer keys are no picture
_ROW_S = 0.1
_MOST_ROWS = 40
_OTHER_ROWS = 3  # the keyboard, the line below it, and the one that the cursor is on
_BLACK = {1, 3, 6, 8, 10}
_COLOURS = ("bright_black", "blue", "cyan", "green", "yellow", "bright_yellow", "bright_red")  # soft to loud


class TerminalRoll:
    """Draws what sounded in the last seconds; rich asks it for the picture whenever it refreshes."""

    def __init__(self) -> None:
        self._spans: list[_Span] = []
        self._open: dict[int, _Span] = {}
        self._now_s = 0.0
        self._n_notes = 0

    def add(self, moment: Moment) -> None:
        """Take in what was heard in a window, and forget what has scrolled off."""
        self._now_s = moment.heard_s
        for event in moment.events:
            self._add_event(event)
        oldest_s = self._now_s - _MOST_ROWS * _ROW_S
        self._spans = [span for span in self._spans if span.end_s is None or span.end_s >= oldest_s]

    def lines(self, width: int, height: int) -> list[Text]:
        """The picture in so many columns and rows."""
        keys = visible_keys(width)
        n_rows = max(min(height - _OTHER_ROWS, _MOST_ROWS), 1)
        spans = self._spans
        now_row = int(self._now_s / _ROW_S)
        rows = [self._row(spans, keys, row) for row in range(now_row - n_rows + 1, now_row + 1)]
        return [*rows, _keyboard(keys, self._open), self._status(keys)]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or options.size.height
        yield from self.lines(options.max_width, height)

    def _add_event(self, event: LiveEvent) -> None:
        if isinstance(event, Begun):
            span = self._open[event.number] = _Span(event.number, event.onset_s, event.velocity)
            if event.number > 0:
                self._n_notes += 1
                self._spans = [*self._spans, span]  # another thread may be drawing the others
        elif (ended := self._open.pop(event.number, None)) is not None:
            ended.end_s = event.played.offset_s

    def _row(self, spans: "Iterable[_Span]", keys: range, row: int) -> Text:
        """What sounds in a tenth of a second."""
        start_s, cells = row * _ROW_S, {}
        for span in spans:
            first, last = int(span.onset_s / _ROW_S), self._last_row(span)
            if span.number in keys and first <= row <= last:
                cells[span.number] = ("█" if row == first else "┃", span.velocity)
        line = Text(no_wrap=True)
        for key in keys:
            sign, velocity = cells.get(key, (" ", 0))
            line.append(sign if sign != " " or start_s < 0 or key % 12 else "·", _style(sign, velocity))
        return line

    def _last_row(self, span: "_Span") -> int:
        return int((self._now_s if span.end_s is None else max(span.end_s - 1e-6, span.onset_s)) / _ROW_S)

    def _status(self, keys: range) -> Text:
        minutes, seconds = divmod(int(self._now_s), 60)
        pedals = [kind for controller, kind in PEDAL_KINDS.items() if -controller in self._open]
        words = f"{minutes}:{seconds:02d}  {self._n_notes} notes  {' '.join(pedals)}"
        return Text(words.ljust(len(keys))[: len(keys)], "bold", no_wrap=True)


class _Span:
    """Something that sounds, or has."""

    def __init__(self, number: int, onset_s: float, velocity: int):
        self.number, self.onset_s, self.velocity = number, onset_s, velocity
        self.end_s: float | None = None


def visible_keys(width: int) -> range:
    """All keys, or on a narrow terminal those of the middle, from a C on where that is possible."""
    n_missing = HIGHEST_KEY - LOWEST_KEY + 1 - width
    if n_missing <= 0:
        return range(LOWEST_KEY, HIGHEST_KEY + 1)
    lowest = LOWEST_KEY + (n_missing + 1) // 2
    return range(lowest, lowest + width)


def _keyboard(keys: range, sounding: dict[int, _Span]) -> Text:
    line = Text(no_wrap=True)
    for key in keys:
        colour = "bright_red" if key in sounding else "black" if key % 12 in _BLACK else "white"
        line.append("▀" if key % 12 in _BLACK else "█", Style(color=colour))
    return line


def _style(sign: str, velocity: int) -> Style:
    colour = "bright_black" if sign == " " else _COLOURS[min(velocity * len(_COLOURS) // 128, len(_COLOURS) - 1)]
    return Style(color=colour)
