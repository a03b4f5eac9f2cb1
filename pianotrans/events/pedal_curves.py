"""How far down a pedal is over time, which its intervals do not tell."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.events.performance import Pedal

PEDAL_FLOOR = 127
"""The controller value of a pedal that is all the way down."""


@dataclass(frozen=True, slots=True, eq=False)
class PedalCurve:
    """A pedal is at `values[i]`, 0 to 127, from `times_s[i]` on; before the first time it is up.

    Both have the shape (n,); the times increase.
    """

    times_s: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def of_moves(cls, moves: Iterable[tuple[float, float]]) -> Self:
        """The curve of (time in seconds, new value), in order; of several at one time the last one counts."""
        table = np.array(list(moves), dtype=np.float64).reshape(-1, 2)
        is_last = np.append(np.diff(table[:, 0]) > 0, True)[: len(table)]
        return cls(table[is_last, 0], table[is_last, 1])

    @classmethod
    def of_pedals(cls, pedals: Iterable[Pedal]) -> Self:
        """The curve of a pedal that is either up or all the way down."""
        moves = sorted(move for one in pedals for move in ((one.onset_s, 1), (one.offset_s, -1)))
        table = np.array(moves, dtype=np.float64).reshape(-1, 2)
        n_down = np.cumsum(table[:, 1])
        return cls.of_moves(zip(table[:, 0], np.where(n_down > 0, PEDAL_FLOOR, 0), strict=True))

    def shifted(self, by_s: float) -> Self:
        """The same curve `by_s` seconds later; times may become negative."""
        return replace(self, times_s=self.times_s + by_s)

    def retimed(self, to: Callable[[float], float]) -> Self:
        """The same values at the times, in seconds, that `to` gives, which must rise."""
        return replace(self, times_s=np.array([to(time_s) for time_s in self.times_s.tolist()], dtype=np.float64))

    def values_at(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value at each time, shape (m,)."""
        index = np.searchsorted(self.times_s, times_s, "right")
        return np.append(0.0, self.values)[index]
