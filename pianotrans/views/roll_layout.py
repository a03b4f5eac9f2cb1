"""How a piano roll is laid out on its page: rows of time, like the systems of a score, and the keys they show."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pianotrans.events import Note

_ROW_S = (10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600)
_SHORTEST_ROWS_S = 30  # a minute takes two rows; what is shorter takes one, as long as it is
_MOST_ROWS = 10  # half an hour takes ten of three minutes
_TICKS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300)
_MOST_TICKS = 16
_FEWEST_KEYS = 36
_MARGIN = 2  # keys above the highest and below the lowest


@dataclass(frozen=True, slots=True)
class RollLayout:
    """Rows of `row_s` seconds that begin at `starts_s`, with a mark every `tick_s`, and the keys shown in each."""

    starts_s: tuple[float, ...]
    row_s: float
    tick_s: float
    lowest: int
    highest: int


def lay_out(notes: Iterable[Note], start_s: float, end_s: float) -> RollLayout:
    """Lay out the time between `start_s` and `end_s`, which must be later."""
    length_s = end_s - start_s
    row_s = _row_length_s(length_s)
    n_rows = max(1, math.ceil(length_s / row_s - 1e-9))
    tick_s = next((tick for tick in _TICKS_S if row_s / tick <= _MOST_TICKS), row_s / 10)
    lowest, highest = _key_range([note.key for note in notes])
    return RollLayout(tuple(start_s + i * row_s for i in range(n_rows)), row_s, tick_s, lowest, highest)


def _row_length_s(length_s: float) -> float:
    if length_s <= 1.5 * _SHORTEST_ROWS_S:  # in one row, just as long as it is
        return length_s
    fitting = (row_s for row_s in _ROW_S if row_s >= _SHORTEST_ROWS_S and length_s <= row_s * _MOST_ROWS)
    return next(fitting, length_s / _MOST_ROWS)


def _key_range(keys: list[int]) -> tuple[int, int]:
    """From a little below the lowest key to a little above the highest, and at least three octaves."""
    lowest, highest = min(keys, default=60) - _MARGIN, max(keys, default=60) + _MARGIN
    missing = max(0, _FEWEST_KEYS - (highest - lowest + 1))
    lowest = max(0, min(lowest - missing // 2, 128 - _FEWEST_KEYS))
    return lowest, min(127, max(highest, lowest + _FEWEST_KEYS - 1))


def clock_label(seconds: float) -> str:
    """A label for the time axis: 0:07, 12:30, 1:02:03, and 0:07.5 between whole seconds."""
    whole, tenth = divmod(round(seconds * 10), 10)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return f"{text}.{tenth}" if tenth else text
