"""How probable the intervals of the best paths are, summed while the recursion that decodes them runs.

In which of two neighbouring frames something begins or ends is often in doubt and seldom matters. So intervals
whose begins and whose ends lie no more than a frame apart are taken for the same, and their posterior probabilities
are added up. No labelling holds two versions of an interval longer than two frames, so that its sum is the
probability that a labelling holds it at all. For shorter intervals, and for begins, the sum is their mean number,
cut at 1.

Axes: N tracks, T frames. From the last frame to the first the tiles of the score map that decoding has just read
are read once more where an interval has a chance at all, and the few intervals that do are kept; from the first
frame to the last the probability that a labelling visits a frame is then passed on along these alone. No score is
computed twice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pianotrans.compiling import compiled
from pianotrans.semicrf.compiled import FAST_SUM, LANES, NO_CHANCE, exp, highest, n_near
from pianotrans.semicrf.likely import LEAST_LIKELY, LikelyIntervals
from pianotrans.semicrf.posterior import Posterior

_LOG_KEPT = math.log(1e-10)  # intervals below this probability pass nothing on
_PER_TILE = 1024  # intervals to begin with; their number is doubled when more are kept
_INTERVALS_AT_ONCE = 1 << 16  # on a device: 0.3 GB of factors in float64

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Confidence:
    """Posterior probabilities of the moves of the best paths at every frame, give or take a frame."""

    interval: Floats  # (N, T): the interval that is the best move from the frame; 0 where that is a gap
    singleton: Floats  # (N, T): the singleton at the frame; 0 where the best path has none
    begin: Floats  # (N, T): any interval or singleton begins there, wherever it ends
    likely: LikelyIntervals = field(kw_only=True)  # whether on the best paths or not

    @classmethod
    def nothing(cls, n_tracks: int, n_frames: int) -> "Confidence":
        """The confidence where no interval is possible: zeros."""
        return cls(*(np.zeros((n_tracks, n_frames), np.float32) for _ in range(3)), likely=LikelyIntervals.of(()))

    @classmethod
    def joined(cls, parts: Sequence["Confidence"]) -> "Confidence":
        """The confidence of the tracks of all parts, in order."""
        arrays = (np.concatenate(some) for some in zip(*(part.arrays for part in parts), strict=True))
        firsts = accumulate((len(part.interval) for part in parts), initial=0)
        numbered = zip(firsts, (part.likely for part in parts), strict=False)
        return cls(*arrays, likely=LikelyIntervals.joined(numbered))

    @property
    def arrays(self) -> tuple[Floats, Floats, Floats]:
        """What is known of every frame, in order."""
        return self.interval, self.singleton, self.begin

    def __getitem__(self, tracks: slice) -> "Confidence":
        """The confidence of some tracks."""
        return Confidence(*(array[tracks] for array in self.arrays), likely=self.likely[tracks])

    def of(self, track: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64]) -> Floats:
        """The confidence of intervals and singletons of the best paths, (n,) for three (n,)."""
        return np.where(begin < end, self.interval[track, begin], self.singleton[track, begin])


class ConfidenceSums:
    """The sums of all tracks while they are decoded, tile by tile from the last frames to the first."""

    def __init__(self, singleton: NDArray[np.float32 | np.float64]):
        shape = singleton.shape
        self._singleton = singleton.astype(np.float64)
        self._chance = 0.5 * (1 + np.tanh(self._singleton / 2))  # of the singleton, upon a visit
        self._suffix, self._gap = np.zeros(shape), np.zeros(shape)  # see `_extend`
        self._slack = np.zeros(shape[0])
        self._visited = np.zeros(shape)
        self._visited[:, 0] = 1
        self._near_interval, self._near_singleton = np.zeros(shape), np.zeros(shape)
        self._likely: list[tuple[int, NDArray[np.int32], NDArray[np.float32]]] = []  # by first track

    def extend(  # type: ignore[no-untyped-def]
        self, tracks: slice, tile, first: int, lengths, best, held
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Take in a tile that `viterbi` has just decoded; returns its intervals that have a chance."""
        ours = (x[tracks] for x in (best, held, self._singleton, self._slack, self._suffix, self._gap))
        return _extend(tile, first, lengths, *ours)  # type: ignore[no-any-return]

    def pass_on(
        self,
        tracks: slice,
        tiles: Sequence[tuple[slice, tuple[NDArray[np.int32], NDArray[np.float32]]]],
        moves: Sequence[NDArray[Any]],
    ) -> None:
        """Go back over all tiles of some tracks: each with its frames and with what `extend` returned.

        `moves` are the arrays of the best moves of all tracks.
        """
        sums = (self._gap, self._chance, self._visited, self._near_interval, self._near_singleton)
        ours = [x[tracks] for x in (*moves, *sums)]
        for begins, (intervals, chances) in reversed(tiles):
            self._likely.append((tracks.start, *_pass_on(intervals, chances, begins.start, begins.stop, *ours)))

    def confidence(self) -> Confidence:
        """The confidence, once all tiles are done."""
        begin = self._visited * (1 - self._gap * (1 - self._chance))
        sums = (self._near_interval, self._near_singleton, within_a_frame(begin))
        return Confidence(*(x.clip(0, 1).astype(np.float32) for x in sums), likely=LikelyIntervals.of(self._likely))


def confidence_under(
    posterior: Posterior,
    next_frame: NDArray[np.int32],
    is_interval: NDArray[np.bool_],
    has_singleton: NDArray[np.bool_],
) -> Confidence:
    """The confidence of best moves by the sweeps of `posterior`, on the device of its scores."""
    device = posterior.scores.query.device
    frames = np.broadcast_to(np.arange(next_frame.shape[1]), next_frame.shape)
    found = Confidence.nothing(*next_frame.shape)
    for probability, ends, is_there in (
        (found.interval, next_frame, is_interval),
        (found.singleton, frames, has_singleton),
    ):
        track, begin = np.nonzero(is_there)
        for some in (slice(i, i + _INTERVALS_AT_ONCE) for i in range(0, len(track), _INTERVALS_AT_ONCE)):
            index = (track[some], begin[some], ends[track[some], begin[some]].astype(np.int64))
            about = posterior.of_intervals_about(*(torch.from_numpy(x).to(device) for x in index))
            probability[track[some], begin[some]] = about.clamp(0, 1).cpu().numpy()
    tracks, every = torch.meshgrid(*(torch.arange(n, device=device) for n in next_frame.shape), indexing="ij")
    begins = posterior.of_begins(tracks.flatten(), every.flatten()).clamp(0, 1).view_as(tracks)
    near = within_a_frame(begins.double().cpu().numpy()).clip(0, 1).astype(np.float32)
    return Confidence(found.interval, found.singleton, near, likely=posterior.likely)


def within_a_frame(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of every frame, the one before and the one after, (N, T)."""
    total = probability.copy()
    total[:, 1:] += probability[:, :-1]
    total[:, :-1] += probability[:, 1:]
    return total


# tile[n, i, j] belongs to the interval from frame first + i to frame first + j; `lengths` multiplies it.
# best[n, t], held[n, t]: weight of the best labelling from frame t on, and of the best one that has an interval
# begin there. suffix[n, t]: log partition of the frames from t on. slack[n]: most by which that exceeded the best
# until now. gap[n, t]: probability that the gap follows upon a visit to t.
@compiled(fastmath=FAST_SUM)
def _extend(  # type: ignore[no-untyped-def]
    tile, first, lengths, best, held, singleton, slack, suffix, gap
):
    n_tracks, n_rows, n_columns = tile.shape
    moves, lanes = np.empty(n_columns), np.empty(LANES)
    intervals, chances, n_kept = np.empty((_PER_TILE, 3), np.int32), np.empty(_PER_TILE, np.float32), 0
    for n in range(n_tracks):
        for i in range(n_rows - 1, -1, -1):
            t, n_ends = first + i, n_columns - i - 1
            skip = suffix[n, t + 1] if n_ends else 0.0
            onward = skip
            if n_ends and held[n, t] + slack[n] > skip - NO_CHANCE:
                row, rest = tile[n, i, i + 1 :], suffix[n, t + 1 :]
                for j in range(n_ends):
                    moves[j] = row[j] * lengths[j + 1] + rest[j]
                peak = max(highest(moves, n_ends, lanes), skip)
                n_likely = n_near(moves, n_ends, peak - NO_CHANCE, lanes)
                total = np.float32(0)
                for j in range(n_likely):
                    total += exp(np.float32(moves[j] - peak))
                onward = peak + math.log(total + math.exp(skip - peak))
                for j in range(n_likely):
                    if moves[j] - onward > _LOG_KEPT:
                        if n_kept == len(chances):
                            intervals = np.concatenate((intervals, np.empty_like(intervals)))
                            chances = np.concatenate((chances, np.empty_like(chances)))
                        intervals[n_kept, 0], intervals[n_kept, 1], intervals[n_kept, 2] = n, t, t + 1 + j
                        chances[n_kept] = math.exp(moves[j] - onward)
                        n_kept += 1
            gap[n, t] = math.exp(skip - onward)
            suffix[n, t] = onward + max(singleton[n, t], 0.0) + math.log1p(math.exp(-abs(singleton[n, t])))
            slack[n] = max(slack[n], suffix[n, t] - best[n, t])
    return intervals[:n_kept].copy(), chances[:n_kept].copy()


# Adds the probability of an interval or a singleton of one track to what the best moves have within a frame of it.
@compiled()
def _count(  # type: ignore[no-untyped-def]
    begin, end, probability, next_frame, is_interval, has_singleton, interval, singleton
):
    for t in range(max(begin - 1, 0), min(begin + 2, len(interval))):
        if is_interval[t] and abs(next_frame[t] - end) <= 1:
            interval[t] += probability
        if has_singleton[t] and abs(t - end) <= 1:
            singleton[t] += probability


# The intervals lie in order of track, and of each track from the last begin to the first. Returns the likely ones.
@compiled()
def _pass_on(  # type: ignore[no-untyped-def]
    intervals,
    chances,
    start,
    stop,
    next_frame,
    is_interval,
    has_singleton,
    gap,
    chance,
    visited,
    interval,
    singleton,
):
    n_tracks, n_frames = visited.shape
    n_most = len(intervals) + n_tracks * (stop - start)
    likely, probability, n_likely = np.empty((n_most, 3), np.int32), np.empty(n_most, np.float32), 0
    k = len(intervals) - 1
    for n in range(n_tracks - 1, -1, -1):
        counts = (next_frame[n], is_interval[n], has_singleton[n], interval[n], singleton[n])
        for t in range(start, stop):
            alone = visited[n, t] * chance[n, t]
            _count(t, t, alone, *counts)
            if alone >= LEAST_LIKELY:
                likely[n_likely, 0], likely[n_likely, 1], likely[n_likely, 2] = n, t, t
                probability[n_likely] = alone
                n_likely += 1
            if t + 1 < n_frames:
                visited[n, t + 1] += visited[n, t] * gap[n, t]
            while k >= 0 and intervals[k, 0] == n and intervals[k, 1] == t:
                end, passed = intervals[k, 2], visited[n, t] * chances[k]
                visited[n, end] += passed
                _count(t, end, passed, *counts)
                if passed >= LEAST_LIKELY:
                    likely[n_likely, 0], likely[n_likely, 1], likely[n_likely, 2] = n, t, end
                    probability[n_likely] = passed
                    n_likely += 1
                k -= 1
    return likely[:n_likely].copy(), probability[:n_likely].copy()
