"""Written values, and how a duration is cut into them so that a reader sees the beats."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from pianotrans.errors import ScoreError

_TYPES = {
    Fraction(2) ** (3 - i): name
    for i, name in enumerate(
        ["breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th"]
    )
}
"""Names of MusicXML by the length in quarter notes."""


@dataclass(frozen=True, slots=True)
class NoteValue:
    """A note value of MusicXML, with 0 or 1 dots. `n_flags` is how many flags or beams it has."""

    type: str
    n_dots: int
    n_flags: int

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, length: Fraction) -> "NoteValue | None":
        """The value of so many quarter notes; None where it takes more than one dot or several tied notes."""
        for n_dots, plain in enumerate((length, length * 2 / 3)):
            if plain in _TYPES:
                n_flags = max(0, plain.denominator.bit_length() - 1)
                return cls(_TYPES[plain], n_dots, n_flags)
        return None


@dataclass(frozen=True)
class Metre:
    """A stretch of music that is divided again and again: a bar into beats, halves of beats, and so on.

    `units` are the lengths of its parts, from the whole stretch to the smallest, in quarter notes; each divides the
    one before. A position counts from the beginning of the stretch. `beat` is the unit that notes may only cross in
    whole multiples, as in compound time; None where there is no such rule.
    """

    length: Fraction
    divisors: tuple[int, ...]
    beat: Fraction | None = None

    @cached_property
    def units(self) -> tuple[Fraction, ...]:
        """The lengths of the parts on every level."""
        units = [self.length]
        for divisor in self.divisors:
            units.append(units[-1] / divisor)
        while units[-1] > Fraction(1, 256):
            units.append(units[-1] / 2)
        return tuple(units)

    def depth(self, position: Fraction) -> int:
        """The first level on which a part begins at a position: 0 for the barline, more for weaker places."""
        for depth, unit in enumerate(self.units):
            if position % unit == 0:
                return depth
        return len(self.units)

    @lru_cache(maxsize=4096)  # noqa: B019 - metres are values, and few
    def note_pieces(self, start: Fraction, end: Fraction) -> tuple[Fraction, ...]:
        """The ends of the tied notes that a note from `start` to `end` is written as.

        A note may hide places that are no stronger than its own beginning or end, and one place in its very middle
        (eighth, quarter, eighth). Raises ScoreError for a length that no tied notes have.
        """
        strongest = self._strongest_within(start, end)
        if NoteValue.of(end - start) and (strongest is None or self._may_hide(strongest, start, end)):
            return (end,)
        if strongest is None:
            raise ScoreError(f"a note of {end - start} quarter notes: no note value is so short.")
        places = self._places(self.units[strongest], start, end)
        cut = places[-1] if self.depth(start) <= self.depth(end) else places[0]
        return (*self.note_pieces(start, cut), *self.note_pieces(cut, end))

    def rest_pieces(self, start: Fraction, end: Fraction) -> Iterator[Fraction]:
        """The ends of the rests from `start` to `end`: the largest parts that fit."""
        while start < end:
            fitting = (
                unit for unit in self.units if start % unit == 0 and start + unit <= end and NoteValue.of(unit)
            )
            length = next(fitting, None)
            if length is None:
                raise ScoreError(f"a rest of {end - start} quarter notes: no note value is so short.")
            third = self._third
            if length == third and (start % (3 * third) == 0) and start + 2 * third <= end:
                length *= 2
            start += length
            yield start

    @property
    def _third(self) -> Fraction | None:
        """A third of a beat in compound time: two of them at the beginning of a beat may be one rest."""
        return self.beat / 3 if self.beat else None

    def _strongest_within(self, start: Fraction, end: Fraction) -> int | None:
        return next((depth for depth, unit in enumerate(self.units) if self._places(unit, start, end)), None)

    @staticmethod
    def _places(unit: Fraction, start: Fraction, end: Fraction) -> list[Fraction]:
        """The multiples of a unit strictly between two positions: at most the first two and the last."""
        first, last = start // unit + 1, -(-end // unit) - 1
        return [n * unit for n in sorted({first, min(first + 1, last), last}) if first <= last]

    def _may_hide(self, depth: int, start: Fraction, end: Fraction) -> bool:
        if self.beat and self._places(self.beat, start, end) and (start % self.beat or end % self.beat):
            return False
        if min(self.depth(start), self.depth(end)) <= depth:
            return True
        places = self._places(self.units[depth], start, end)
        return end - start == self.units[depth] and len(places) == 1 and places[0] - start == end - places[0]


def _factors(n: int) -> tuple[int, ...]:
    """Prime factors, the twos first."""
    factors: list[int] = []
    divisor = 2
    while n > 1:
        if n % divisor:
            divisor += 1
        else:
            factors.append(divisor)
            n //= divisor
    return tuple(factors)


@lru_cache(maxsize=256)
def bar_metre(length: Fraction, n_beats: int) -> Metre:
    """How a bar of so many quarter notes and beats is divided. Beats of three parts make compound time."""
    beat = length / n_beats
    is_compound = beat.numerator % 3 == 0
    return Metre(length, (*_factors(n_beats), *((3,) if is_compound else ())), beat if is_compound else None)


@lru_cache(maxsize=256)
def tuplet_metre(length: Fraction, n_parts: int) -> Metre:
    """How a tuplet of `n_parts` notes is divided, which would last `length` quarter notes if it were none."""
    odd = n_parts // (n_parts & -n_parts)
    return Metre(length, _factors(odd))
