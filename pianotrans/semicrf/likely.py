"""The few intervals that a posterior finds likely at all, and what they say instead of the best path.

As for confidences, intervals whose begins and whose ends lie no more than a frame apart are taken for the same.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_LIKELY = 1e-3
"""Sums over the nine versions of an interval miss less than nine times this."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class LikelyIntervals:
    """Intervals and singletons of a posterior probability of at least `LEAST_LIKELY`; arrays (n,).

    In order of track, begin and end. A dozen for each interval of the best path, so lists of them are short.
    """

    track: Integers
    begin: Integers  # frames
    end: Integers
    probability: NDArray[np.float32]

    @classmethod
    def of(cls, rows: Iterable[tuple[int, NDArray[np.int32], NDArray[np.float32]]]) -> "LikelyIntervals":
        """Those in tables (n, 3) of track, begin and end, with their probabilities (n,), put in order.

        Each table comes with the number that its track 0 has here.
        """
        tables, probabilities = [np.empty((0, 3), np.int64)], [np.empty(0, np.float32)]
        for first, some, how_probable in rows:
            tables.append(some + np.array([first, 0, 0]))
            probabilities.append(how_probable)
        table, probability = np.concatenate(tables), np.concatenate(probabilities)
        order = np.lexsort(table.T[::-1])
        track, begin, end = table[order].T
        return cls(track, begin, end, probability[order])

    @classmethod
    def joined(cls, parts: Iterable[tuple[int, "LikelyIntervals"]]) -> "LikelyIntervals":
        """Those of all parts, each with the number that its track 0 has here, in order."""
        return cls.of((first, part._table, part.probability) for first, part in parts)

    def __getitem__(self, tracks: slice) -> "LikelyIntervals":
        """Those of some tracks, which are numbered anew."""
        start, stop, _ = tracks.indices(sys.maxsize)
        rows = self._rows(start, stop)
        return LikelyIntervals(self.track[rows] - start, self.begin[rows], self.end[rows], self.probability[rows])

    def other_ends(self, track: int, begin: int, end: int) -> list[tuple[int, float]]:
        """Where an interval of the best path ends otherwise: at most two (end, probability), earlier and later.

        Of each side the best end. The probability is that of an interval with about this begin and that end.
        """
        rows = self._rows(track, track + 1)
        ends, probability = self.end[rows], self.probability[rows]
        is_ours = abs(self.begin[rows] - begin) <= 1
        sides = (is_ours & (ends < end - 1), is_ours & (ends > end + 1))
        return [_best_end(ends[side], probability[side]) for side in sides if side.any()]

    def best_end(self, track: int, begin: int) -> tuple[int, float]:
        """Where an interval that begins about here most probably ends, and how probable the two are together.

        Raises ValueError if none is likely to begin here.
        """
        rows = self._rows(track, track + 1)
        is_ours = abs(self.begin[rows] - begin) <= 1
        return _best_end(self.end[rows][is_ours], self.probability[rows][is_ours])

    def _rows(self, first_track: int, after: int) -> slice:
        return slice(*np.searchsorted(self.track, (first_track, after)).tolist())

    @property
    def _table(self) -> NDArray[np.int32]:
        return np.stack((self.track, self.begin, self.end), axis=1).astype(np.int32)


def _best_end(ends: Integers, probability: NDArray[np.float32]) -> tuple[int, float]:
    """The end with the largest sum within a frame of it, and that sum, cut at 1; the first of several."""
    about = (abs(ends[:, None] - ends) <= 1) @ probability
    best = int(np.argmax(about))
    return int(ends[best]), min(float(about[best]), 1.0)
