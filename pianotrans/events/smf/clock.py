"""Between the ticks of a standard MIDI file and seconds."""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction

from pianotrans.errors import MidiError

_TEMPO_US = 500_000  # microseconds per quarter where a file does not say: 120 quarters a minute
_DROP_FRAME = 29  # stands for 29.97 frames per second
_DROP_FRAMES_PER_S = Fraction(30_000, 1001)


class Clock:
    """Converts ticks and seconds. It counts in whole units, a tick being several, so that errors do not add up."""

    def __init__(self, units_per_second: int, changes: Sequence[tuple[int, int]]) -> None:
        """`changes` are (tick, units per tick from there on), in order; the first is at tick 0."""
        self._units_per_second = units_per_second
        self._starts, self._elapsed, self._rates = [0], [0], [changes[0][1]]
        for tick, rate in changes[1:]:
            self._elapsed.append(self._units(tick))
            self._starts.append(tick)
            self._rates.append(rate)

    @classmethod
    def of(cls, division: int, tempi: Sequence[tuple[int, int]]) -> "Clock":
        """The clock of a file, from the division in its header and its tempi, in order.

        Where time is counted in frames of a film (SMPTE), tempi do not matter. Raises MidiError if a second, or a
        quarter note, is said to have no ticks.
        """
        frames_per_s, ticks = 256 - (division >> 8), division & 0xFF
        if division < 0x8000:
            ticks = division
            unit, changes = 1_000_000 * ticks, [(0, _TEMPO_US), *tempi]
        else:
            rate = (_DROP_FRAMES_PER_S if frames_per_s == _DROP_FRAME else Fraction(frames_per_s)) * ticks
            unit, changes = rate.numerator, [(0, rate.denominator)]
        if ticks == 0:
            what = "frame" if division >= 0x8000 else "quarter note"
            raise MidiError(f"its header counts 0 ticks to a {what}, so no time can be known. Export it again.")
        return cls(unit, changes)

    def seconds(self, tick: int) -> float:
        """The time of a tick. O(log n) for n changes of tempo."""
        return self._units(tick) / self._units_per_second

    def ticks(self, seconds: float) -> float:
        """The tick at a time, with its fraction; the inverse of `seconds`. O(log n) for n changes of tempo."""
        i = bisect_right(self._elapsed, seconds * self._units_per_second) - 1
        start_s = self._elapsed[i] / self._units_per_second
        return self._starts[i] + (seconds - start_s) * (self._units_per_second / self._rates[i])

    def _units(self, tick: int) -> int:
        i = bisect_right(self._starts, tick) - 1
        return self._elapsed[i] + (tick - self._starts[i]) * self._rates[i]
