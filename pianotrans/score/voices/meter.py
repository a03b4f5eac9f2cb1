"""Bars and beats in whole ticks, and which durations can be written in them."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

_FINEST = 64  # a quarter note has at least as many ticks: rests and ties go down to 1/256 notes
MOST_PARTS = 2  # tied note values of one note


@dataclass(frozen=True, slots=True)
class BarSpan:
    """A bar from `position` on, `length` long, with beats `beat_length` long, all in quarter notes."""

    position: Fraction
    length: Fraction
    beat_length: Fraction


class MetricGrid:
    """The bars of a piece in ticks, and the tuplets of one staff.

    A beat in which an onset stands where no halving leads is a tuplet. Notes that begin or end inside it do so on
    its grid, and are tied at its ends.
    """

    def __init__(self, bars: Sequence[BarSpan], onsets: Iterable[Fraction]) -> None:
        onsets = sorted(set(onsets))
        lengths = [value for bar in bars for value in (bar.position, bar.length, bar.beat_length)]
        self.ticks_per_quarter = math.lcm(_FINEST, *{value.denominator for value in (*lengths, *onsets)})
        self._starts = [self.ticks(bar.position) for bar in bars]
        self._lengths = [self.ticks(bar.length) for bar in bars]
        self._beats = [self.ticks(bar.beat_length) for bar in bars]
        self._grids = self._find_grids([self.ticks(onset) for onset in onsets])
        self._tuplets = {start for start, grid in self._grids.items() if not self._is_halved(grid)}
        self._parts: dict[tuple[int, int], tuple[int, ...] | None] = {}

    def ticks(self, value: Fraction) -> int:
        """A position or duration in ticks."""
        return int(value * self.ticks_per_quarter)

    def quarters(self, ticks: int) -> Fraction:
        """Ticks as quarter notes."""
        return Fraction(ticks, self.ticks_per_quarter)

    def bar_end(self, tick: int) -> int:
        """Where the bar ends in which `tick` lies."""
        bar = self._bar(tick)
        return self._starts[bar] + self._lengths[bar]

    def beat(self, tick: int) -> tuple[int, int]:
        """(start, end) of the beat in which `tick` lies."""
        bar = self._bar(tick)
        length = self._beats[bar]
        start = tick - (tick - self._starts[bar]) % length
        return start, min(start + length, max(self.bar_end(tick), tick + 1))

    def grid(self, tick: int) -> int:
        """The greatest length that divides the beat of `tick`, and reaches all onsets in it."""
        start, end = self.beat(tick)
        return self._grids.get(start, end - start)

    def is_tuplet(self, tick: int) -> bool:
        """Whether `tick` lies in a beat that is divided into a tuplet."""
        return self.beat(tick)[0] in self._tuplets

    def parts(self, start: int, end: int) -> tuple[int, ...] | None:
        """The note values to tie for a note from `start` to `end`, in ticks; None where it cannot be written."""
        if (start, end) not in self._parts:
            self._parts[start, end] = self._find_parts(start, end)
        return self._parts[start, end]

    def shortest_end(self, start: int) -> int:
        """Where a note from `start` on ends that lasts for one step of the grid; it can always be written."""
        return start + self.grid(start)

    def _bar(self, tick: int) -> int:
        return max(bisect_right(self._starts, tick) - 1, 0)

    def _is_halved(self, ticks: int) -> bool:
        return ticks * _FINEST % self.ticks_per_quarter == 0

    def _find_grids(self, onsets: list[int]) -> dict[int, int]:
        inside = defaultdict(list)
        for onset in onsets:
            inside[self.beat(onset)].append(onset)
        return {start: math.gcd(end - start, *(o - start for o in inner)) for (start, end), inner in inside.items()}

    def _find_parts(self, start: int, end: int) -> tuple[int, ...] | None:
        parts: list[int] = []
        while start < end:
            stop = min(end, self.bar_end(start)) if self.bar_end(start) > start else end
            found = self._parts_in_bar(start, stop)
            if found is None or len(parts) + len(found) > MOST_PARTS:
                return None
            parts += found
            start = stop
        return tuple(parts)

    def _parts_in_bar(self, start: int, end: int) -> list[int] | None:
        length = end - start
        (first_beat, first_end), (last_beat, _) = self.beat(start), self.beat(end - 1)
        if start > first_beat and first_beat in self._tuplets and end > first_end:
            return self._join([self._value(first_end - start, first_beat)], self._parts_in_bar(first_end, end))
        if last_beat in self._tuplets and end < self.beat(end - 1)[1]:
            if start < last_beat:
                return self._join(self._parts_in_bar(start, last_beat), [self._value(end - last_beat, last_beat)])
            return self._join([self._value(length, last_beat)], [])
        if start in (first_beat, first_end) or end <= first_end or self._is_syncope(start, end):
            return self._values(length)
        return self._join(self._values(first_end - start), self._values(end - first_end))

    def _is_syncope(self, start: int, end: int) -> bool:
        """Half a beat late, and as long as one or two beats."""
        first, after = self.beat(start)
        return 2 * (start - first) == after - first and end - start == after - first

    def _value(self, length: int, beat: int) -> int | None:
        """`length` if it is one note value of the tuplet at `beat`."""
        steps, rest = divmod(length, self._grids[beat])
        return length if not rest and steps in (1, 2, 3, 4, 6, 8, 12) else None

    def _values(self, length: int) -> list[int] | None:
        """One or two note values, plain or dotted, that make up `length`; the longer first."""
        steps, rest = divmod(length * _FINEST, self.ticks_per_quarter)
        if rest:
            return None
        largest = 1 << (steps.bit_length() - 1)
        first = largest * 3 // 2 if steps >= largest * 3 // 2 and largest > 1 else largest
        values = [value for value in (first, largest) if _is_simple(steps - value)]
        if not values:
            return None
        tick = self.ticks_per_quarter // _FINEST
        return [value * tick for value in (values[0], steps - values[0]) if value]

    @staticmethod
    def _join(first: Sequence[int | None] | None, second: Sequence[int | None] | None) -> list[int] | None:
        if first is None or second is None:
            return None
        values = [value for value in (*first, *second) if value is not None]
        return values if len(values) == len(first) + len(second) else None


def _is_simple(steps: int) -> bool:
    """Whether it is nothing, a power of two, or that and a half."""
    return steps == 0 or steps.bit_count() == 1 or (steps.bit_count() == 2 and steps & (steps << 1) != 0)
