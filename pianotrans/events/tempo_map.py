"""Musical time: where quarter notes, bars and keys lie in a performance."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from pianotrans.errors import MidiError


@dataclass(frozen=True)
class TempoMap:
    """Positions in quarter notes and the times at which they are played; tempo is steady between two of them.

    `positions` begin at 0, `times_s` may begin before 0; both have the same length, two or more, and are strictly
    increasing. `time_signatures` are (position, numerator, denominator), `key_signatures` (position, fifths, mode),
    each from that position on; `mode` is "major", "minor" or None.

    Raises MidiError for positions or times that are out of order.
    """

    positions: tuple[Fraction, ...]
    times_s: tuple[float, ...]
    time_signatures: tuple[tuple[Fraction, int, int], ...] = ()
    key_signatures: tuple[tuple[Fraction, int, str | None], ...] = ()

    def __post_init__(self) -> None:
        if len(self.positions) != len(self.times_s) or len(self.positions) < 2 or self.positions[0] != 0:
            raise MidiError(
                f"tempo map: {len(self.positions)} positions, {len(self.times_s)} times. "
                "Give one time for each position, two or more, the first at position 0."
            )
        if not (_increases(self.positions) and _increases(self.times_s)):
            raise MidiError("tempo map: positions and times must be strictly increasing. Sort them.")


def _increases(values: Sequence[Fraction | float]) -> bool:
    return all(later > earlier for earlier, later in pairwise(values))
