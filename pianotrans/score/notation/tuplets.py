"""Which parts of a bar are tuplets."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pianotrans.score.notation.values import Metre, tuplet_metre


@dataclass(frozen=True, slots=True)
class Tuplet:
    """From `start` to `end` of a bar, `actual` notes stand in place of `normal` ones: 3 in place of 2."""

    start: Fraction
    end: Fraction
    actual: int
    normal: int

    @property
    def stretch(self) -> Fraction:
        """How much longer its notes are written than they last."""
        return Fraction(self.actual, self.normal)

    @property
    def metre(self) -> Metre:
        """How it is divided, in written lengths."""
        return tuplet_metre((self.end - self.start) * self.stretch, self.actual)


def find_tuplets(spans: Iterable[tuple[Fraction, Fraction]], length: Fraction, beat: Fraction) -> list[Tuplet]:
    """The tuplets of one voice in a bar of a given length, in order.

    `spans` are the beginnings and ends of its notes and rests, counted from the bar's beginning. A tuplet fills a
    beat, a half or quarter of one, or, where notes cross beats, two or four beats.
    """
    finder = _Finder(tuple(spans), beat)
    found: list[Tuplet] = []
    start = Fraction(0)
    while start < length:
        group = list(finder.from_beat(start, length))
        found += group
        start = max([start + beat, *(tuplet.end for tuplet in group)])
    return found


@dataclass(frozen=True)
class _Finder:
    spans: tuple[tuple[Fraction, Fraction], ...]
    beat: Fraction

    def from_beat(self, start: Fraction, length: Fraction) -> Iterator[Tuplet]:
        """The tuplets of the beat that begins at `start`, or the one of several beats from there on."""
        end = start + self.beat
        if self._is_crossed(end) and not _is_compound(self.beat):
            for n_beats in (2, 4):
                far = start + n_beats * self.beat
                if far <= length and not self._is_crossed(far) and self._denominator(start, far) in (3, 6):
                    yield Tuplet(start, far, 3, 2)
                    return
        yield from self._within(start, end)

    def _within(self, start: Fraction, end: Fraction) -> Iterator[Tuplet]:
        if self._is_plain(start, end):
            return
        whole = self._whole(start, end)
        n_parts = 3 if _is_compound(end - start) else 2
        borders = [start + i * (end - start) / n_parts for i in range(n_parts + 1)]
        parts = list(pairwise(borders))
        can_part = not any(self._is_crossed(border) for border in borders[1:-1])
        is_one = self._is_filled(whole) and not any(self._is_plain(*part) for part in parts)
        if can_part and not is_one:
            for part in parts:
                yield from self._within(*part)
        else:
            yield whole

    def _whole(self, start: Fraction, end: Fraction) -> Tuplet:
        """All from `start` to `end` as one tuplet."""
        denominator = self._denominator(start, end)
        odd = denominator // (denominator & -denominator)
        if _is_compound(end - start):
            if odd == 1:  # two eighths in place of three, four sixteenths in place of six
                return Tuplet(start, end, denominator, denominator * 3 // 2)
            return Tuplet(start, end, odd, _largest(3, odd + 1))
        simple = Tuplet(start, end, odd, _largest(1, odd))
        double = Tuplet(start, end, 2 * odd, 2 * simple.normal)
        return double if denominator == double.actual and self._is_filled(double) else simple

    def _is_filled(self, tuplet: Tuplet) -> bool:
        """Whether something begins on each of its places: six equal notes make a sextuplet."""
        step = (tuplet.end - tuplet.start) / tuplet.actual
        places = {tuplet.start + i * step for i in range(1, tuplet.actual)}
        return places <= self._inner(tuplet.start, tuplet.end)

    def _inner(self, start: Fraction, end: Fraction) -> set[Fraction]:
        return {point for span in self.spans for point in span if start < point < end}

    def _denominator(self, start: Fraction, end: Fraction) -> int:
        """Into how many equal parts a stretch is divided by what begins and ends in it."""
        length = end - start
        return math.lcm(*(((point - start) / length).denominator for point in self._inner(start, end)))

    def _is_crossed(self, place: Fraction) -> bool:
        return any(start < place < end for start, end in self.spans)

    def _is_plain(self, start: Fraction, end: Fraction) -> bool:
        """Whether a stretch needs no tuplet."""
        denominator = self._denominator(start, end)
        odd = denominator // (denominator & -denominator)
        return denominator == 1 or odd == (3 if _is_compound(end - start) else 1)


def _is_compound(length: Fraction) -> bool:
    return length.numerator % 3 == 0


def _largest(factor: int, most: int) -> int:
    """The largest power of two, times a factor, that is no more than `most`."""
    return factor << max(0, (most // factor).bit_length() - 1)
