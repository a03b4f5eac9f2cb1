"""Musical time: where quarter notes, bars and keys lie in a performance."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, zip_longest

from pianotrans.errors import MidiError

TimeSignatureAt = tuple[Fraction, int, int]
"""(position, numerator, denominator)."""

KeySignatureAt = tuple[Fraction, int, str | None]
"""(position, fifths, mode)."""

_FINEST = 64  # the largest denominator of a time signature


@dataclass(frozen=True)
class TempoMap:
    """Positions in quarter notes and the times at which they are played; tempo is steady between two of them.

    `positions` begin at 0, `times_s` may begin before 0; both have the same length, two or more, and are strictly
    increasing. The first and last tempo hold beyond both ends.

    `time_signatures` are (position, numerator, denominator): bars of this length follow one another from that
    position on. The last one before the next signature may be short. So a pickup of one beat is
    `((0, 3, 4), (1, 3, 4))`. `key_signatures` are (position, fifths, mode), each from that position on; `mode` is
    "major", "minor" or None. Either may be empty.

    Raises MidiError for positions or times that are out of order, and for signatures that MIDI cannot hold.
    """

    positions: tuple[Fraction, ...]
    times_s: tuple[float, ...]
    time_signatures: tuple[TimeSignatureAt, ...] = ()
    key_signatures: tuple[KeySignatureAt, ...] = ()

    def __post_init__(self) -> None:
        if len(self.positions) != len(self.times_s) or len(self.positions) < 2 or self.positions[0] != 0:
            raise MidiError(
                f"tempo map: {len(self.positions)} positions, {len(self.times_s)} times. "
                "Give one time for each position, two or more, the first at position 0."
            )
        if not (_increases(self.positions) and _increases(self.times_s)):
            raise MidiError("tempo map: positions and times must be strictly increasing. Sort them.")
        self._check_signatures()

    def _check_signatures(self) -> None:
        for signatures in (self.time_signatures, self.key_signatures):
            places = [place for place, *_ in signatures]
            if places and (places[0] != 0 or not _increases(places)):
                raise MidiError("tempo map: signatures must be in order, each at its own position, the first at 0.")
        for _, numerator, denominator in self.time_signatures:
            if not 1 <= numerator <= 255 or denominator not in (1, 2, 4, 8, 16, 32, _FINEST):
                raise MidiError(f"tempo map: {numerator}/{denominator} is no time signature. Give one like 3/4.")
        for _, fifths, mode in self.key_signatures:
            if not -7 <= fifths <= 7 or mode not in ("major", "minor", None):
                raise MidiError(f"tempo map: {fifths} fifths {mode} is no key signature. Give -7 to 7 fifths.")

    def quarter_at(self, time_s: float) -> float:
        """The position at a time, in quarter notes. O(log n) for n positions."""
        quarter, start_s, seconds = self._stretch(bisect_right(self.times_s, time_s))
        return quarter + (time_s - start_s) / seconds

    def time_at(self, quarter: float | Fraction) -> float:
        """The time at a position. O(log n) for n positions."""
        begin, start_s, seconds = self._stretch(bisect_right(self._quarters, float(quarter)))
        return start_s + (float(quarter) - begin) * seconds

    @cached_property
    def _quarters(self) -> tuple[float, ...]:
        """The positions as floats, which compare a hundred times faster."""
        return tuple(map(float, self.positions))

    def _stretch(self, n_before: int) -> tuple[float, float, float]:
        """(position, time, seconds per quarter) of the stretch behind the first `n_before` positions."""
        i = min(max(n_before - 1, 0), len(self.positions) - 2)
        length = self._quarters[i + 1] - self._quarters[i]
        return self._quarters[i], self.times_s[i], (self.times_s[i + 1] - self.times_s[i]) / length

    def written_time_signatures(self) -> tuple[TimeSignatureAt, ...]:
        """The time signatures that give every bar its true length: a short bar has one of its own.

        A short bar whose length no signature has (a third of a quarter) keeps that of the others. A signature that
        repeats the one before it is left out.
        """
        written: list[TimeSignatureAt] = []
        for signature in self._with_short_bars():
            if not written or written[-1][1:] != signature[1:]:
                written.append(signature)
        return tuple(written)

    def _with_short_bars(self) -> Iterator[TimeSignatureAt]:
        for signature, following in zip_longest(self.time_signatures, self.time_signatures[1:]):
            position, numerator, denominator = signature
            bar = Fraction(4 * numerator, denominator)
            n_bars, rest = divmod(following[0] - position, bar) if following else (1, Fraction(0))
            if n_bars:
                yield signature
            if rest:
                yield (position + n_bars * bar, *(_signature_of(rest, denominator) or signature[1:]))

    def bar_lines(self) -> tuple[Fraction, ...]:
        """The positions at which bars begin, as far as the map goes; none without time signatures."""
        ends = [*(position for position, *_ in self.time_signatures[1:]), self.positions[-1] + Fraction(1, 960)]
        lines: list[Fraction] = []
        for (position, numerator, denominator), end in zip(self.time_signatures, ends, strict=False):
            bar = Fraction(4 * numerator, denominator)
            while position < min(end, ends[-1]):
                lines.append(position)
                position += bar
        return tuple(lines)


def _signature_of(length: Fraction, denominator: int) -> tuple[int, int] | None:
    """The time signature of a bar of so many quarters, with this denominator or the next finer one that fits."""
    while denominator <= _FINEST:
        numerator = length * denominator / 4
        if numerator.denominator == 1 and numerator <= 255:
            return int(numerator), denominator
        denominator *= 2
    return None


def _increases(values: Sequence[Fraction | float]) -> bool:
    return all(later > earlier for earlier, later in pairwise(values))
