"""What may follow upon a visit to each frame, and how probably, in one pass over the score map.

The recursion of `recursion` is summed from the last frame to the first, and the few intervals that have a chance at
all are kept: decoding step by step, and confidences, look at these alone. No score is computed twice. Axes: N
tracks, T frames.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pianotrans.compiling import compiled
from pianotrans.semicrf.compiled import FAST_SUM, LANES, NO_CHANCE, exp, highest, n_near

_LOG_KEPT = math.log(1e-10)  # intervals below this chance are not kept
_ROOM = 4096  # intervals to begin with; it is doubled when more are kept


class Chances:
    """Of some tracks the probability of every move upon a visit to the frame that it starts from."""

    def __init__(self, singleton: NDArray[np.float32 | np.float64]):
        score = singleton.astype(np.float64)
        self._singleton = 0.5 * (1 + np.tanh(score / 2))  # (N, T)
        self._gap = np.ones(score.shape)  # (N, T); at the last frame it means nothing
        self._rows = np.zeros((*score.shape, 2), np.int64)  # of intervals from a frame: the first, and one too many
        self._ends, self._interval = np.empty(_ROOM, np.int32), np.empty(_ROOM, np.float32)
        self._n_kept = 0
        self._bonus, self._suffix = np.logaddexp(0, score), np.empty(score.shape)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Chances and places.

        Of the gap and of the singleton at each frame, (N, T); where the intervals lie that begin there, (N, T, 2);
        of all intervals the ends, which ascend from each frame, and the chances.
        """
        return self._gap, self._singleton, self._rows, self._ends, self._interval

    def extend(self, tile: NDArray[np.float32], first: int, lengths: NDArray[np.float32]) -> None:
        """Take in the next tile (see `tiles`) of these tracks."""
        kept = (self._ends, self._interval, self._n_kept)
        self._ends, self._interval, self._n_kept = _extend(
            tile, first, lengths, self._bonus, self._suffix, self._gap, self._rows, *kept
        )


# tile[n, i, j] belongs to the interval from frame first + i to frame first + j; `lengths` multiplies it.
# suffix[n, t]: log partition of the frames from t on.
@compiled(fastmath=FAST_SUM)
def _extend(  # type: ignore[no-untyped-def]
    tile, first, lengths, bonus, suffix, gap, rows, ends, interval, n_kept
):
    n_tracks, n_rows, n_columns = tile.shape
    moves, lanes = np.empty(n_columns), np.empty(LANES)
    for n in range(n_tracks):
        for i in range(n_rows - 1, -1, -1):
            t, n_ends = first + i, n_columns - i - 1
            if n_ends == 0:
                suffix[n, t] = bonus[n, t]
                continue
            row, rest = tile[n, i, i + 1 :], suffix[n, t + 1 :]
            for j in range(n_ends):
                moves[j] = row[j] * lengths[j + 1] + rest[j]
            peak = max(highest(moves, n_ends, lanes), rest[0])
            n_likely = n_near(moves, n_ends, peak - NO_CHANCE, lanes)
            total = np.float32(0)
            for j in range(n_likely):
                total += exp(np.float32(moves[j] - peak))
            onward = peak + math.log(total + math.exp(rest[0] - peak))
            suffix[n, t] = bonus[n, t] + onward
            gap[n, t] = math.exp(rest[0] - onward)
            while len(ends) < n_kept + n_likely:
                ends = np.concatenate((ends, np.empty_like(ends)))
                interval = np.concatenate((interval, np.empty_like(interval)))
            rows[n, t, 0] = n_kept
            for j in range(n_likely):
                if moves[j] - onward > _LOG_KEPT:
                    ends[n_kept] = t + 1 + j
                    interval[n_kept] = math.exp(moves[j] - onward)
                    n_kept += 1
            rows[n, t, 1] = n_kept
    return ends, interval, n_kept
