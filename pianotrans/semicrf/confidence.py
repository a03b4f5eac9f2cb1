"""How probable the intervals of the best paths are.

In which of two neighbouring frames something begins or ends is often in doubt and seldom matters. So intervals
whose begins and whose ends lie no more than a frame apart are taken for the same, and their posterior probabilities
are added up. No labelling holds two versions of an interval longer than two frames, so that its sum is the
probability that a labelling holds it at all. For shorter intervals, and for begins, the sum is their mean number,
cut at 1.

Axes: N tracks, T frames. From the first frame to the last the probability that a labelling visits a frame is passed
on along the few intervals that have a chance at all (see `chances`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pianotrans.compiling import compiled
from pianotrans.semicrf.chances import Chances
from pianotrans.semicrf.likely import LEAST_LIKELY, LikelyIntervals
from pianotrans.semicrf.posterior import Posterior

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
    """The sums of all tracks, a few tracks at a time."""

    def __init__(self, n_tracks: int, n_frames: int):
        self._near_interval, self._near_singleton, self._begin = np.zeros((3, n_tracks, n_frames))
        self._likely: list[tuple[int, NDArray[np.int32], NDArray[np.float32]]] = []  # by first track

    def pass_on(self, tracks: slice, chances: Chances, moves: Sequence[NDArray[Any]]) -> None:
        """Go through some tracks from the first frame to the last; `moves` are the best ones, in arrays, of all."""
        ours = [x[tracks] for x in (*moves, self._begin, self._near_interval, self._near_singleton)]
        self._likely.append((tracks.start, *_pass_on(*chances.arrays, *ours)))

    def confidence(self) -> Confidence:
        """The confidence, once all tracks are done."""
        sums = (self._near_interval, self._near_singleton, within_a_frame(self._begin))
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


# Arguments as in `Chances.arrays`, then the moves. Fills in how probably something begins at each frame, and what
# `_count` adds up. Returns the likely intervals.
@compiled()
def _pass_on(  # type: ignore[no-untyped-def]
    gap, alone, rows, ends, chance, next_frame, is_interval, has_singleton, begin, interval, singleton
):
    n_tracks, n_frames = gap.shape
    n_most = len(ends) + gap.size
    likely, probability, n_likely = np.empty((n_most, 3), np.int32), np.empty(n_most, np.float32), 0
    visited = np.empty(n_frames + 1)
    for n in range(n_tracks):
        counts = (next_frame[n], is_interval[n], has_singleton[n], interval[n], singleton[n])
        visited[:] = 0
        visited[0] = 1
        for t in range(n_frames):
            begin[n, t] = visited[t] * (1 - gap[n, t] * (1 - alone[n, t]))
            visited[t + 1] += visited[t] * gap[n, t]
            first, stop = rows[n, t]
            for k in range(first - 1, stop):
                if k < first:
                    end, passed = t, visited[t] * alone[n, t]
                else:
                    end, passed = ends[k], visited[t] * chance[k]
                    visited[end] += passed
                _count(t, end, passed, *counts)
                if passed >= LEAST_LIKELY:
                    likely[n_likely, 0], likely[n_likely, 1], likely[n_likely, 2] = n, t, end
                    probability[n_likely] = passed
                    n_likely += 1
    return likely[:n_likely].copy(), probability[:n_likely].copy()
