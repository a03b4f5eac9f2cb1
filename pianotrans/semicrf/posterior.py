"""The posterior probability of single intervals, given all scores.

One sweep goes from the last frame to the first and one back; no score map is kept. Axes: N tracks, T frames.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.semicrf.likely import LEAST_LIKELY, LikelyIntervals
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.sweeps import FRAMES_PER_STRIP, MarginalStrip, Suffixes, sweep_back, sweep_forward
from pianotrans.semicrf.threads import over_parts


@dataclass(frozen=True)
class Posterior:
    """The distribution of labellings, ready for questions about intervals."""

    scores: IntervalScores
    suffixes: Suffixes
    visited: Tensor  # (N, T): probability that no interval lies across the frame
    likely: LikelyIntervals

    @classmethod
    @torch.no_grad()
    def under(cls, scores: IntervalScores, frames_per_strip: int = FRAMES_PER_STRIP) -> Self:
        """The posterior under scores in factors, gap scores zero. O(N · T²) time, O(N · T) memory."""
        precise = scores.in_float()
        suffixes = sweep_back(precise, frames_per_strip)
        visited = torch.empty_like(suffixes.weight)

        likely: list[_Table] = []

        def sweep(part: slice) -> None:
            likely.extend(map(_likely_in, sweep_forward(precise, suffixes, visited, part)))

        over_parts(sweep, scores.n_tracks, scores.query.device)
        alone = visited * torch.sigmoid(precise.singleton.to(visited.dtype))
        track, frame = (alone >= LEAST_LIKELY).nonzero(as_tuple=True)
        likely.append(_table(0, (track, frame, frame), alone[track, frame]))
        return cls(precise, suffixes, visited, LikelyIntervals.of(likely))

    def of_intervals(self, track: Tensor, begin: Tensor, end: Tensor) -> Tensor:
        """Probability of each interval [begin, end], (n,) for three (n,) of integers; singletons too."""
        score = self.scores.of(track, begin, end)
        step = torch.exp(score + self.suffixes.weight[track, end] - self.suffixes.onward[track, begin])
        follows = torch.where(begin < end, step.clamp(max=1), torch.sigmoid(score))
        return self.visited[track, begin] * follows

    def of_intervals_about(self, track: Tensor, begin: Tensor, end: Tensor) -> Tensor:
        """Mean number of intervals and singletons within a frame of each [begin, end] at both ends, (n,).

        Arguments as in `of_intervals`.
        """
        last = self.scores.n_frames - 1
        total = self.visited.new_zeros(begin.shape)
        for b, e in ((begin + i, end + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            is_one = (b >= 0) & (b <= e) & (e <= last)
            total += torch.where(is_one, self.of_intervals(track, b.clamp(0, last), e.clamp(0, last)), 0)
        return total

    def of_begins(self, track: Tensor, frame: Tensor) -> Tensor:
        """Probability that an interval, wherever it ends, or a singleton begins at each frame, (n,)."""
        following = (frame + 1).clamp(max=self.scores.n_frames - 1)
        log_gap = self.suffixes.weight[track, following] - self.suffixes.onward[track, frame]
        log_gap = torch.where(frame < following, log_gap, 0).clamp(max=0)
        log_no_singleton = -torch.nn.functional.softplus(self.scores.singleton[track, frame].to(log_gap.dtype))
        return self.visited[track, frame] * -torch.expm1(log_gap + log_no_singleton)


_Table = tuple[int, NDArray[np.int32], NDArray[np.float32]]  # as `LikelyIntervals.of` takes it


def _likely_in(strip: MarginalStrip) -> _Table:
    is_likely = (strip.probability >= LEAST_LIKELY).flatten()
    if is_likely.device.type == "cpu":  # numpy finds the few that there are six times as fast
        places = torch.from_numpy(np.flatnonzero(is_likely.numpy()))
    else:
        places = is_likely.nonzero().squeeze(1)
    track, begin, end = torch.unravel_index(places, strip.probability.shape)
    probability = strip.probability[track, begin, end]
    return _table(strip.tracks.start, (track, begin + strip.begins.start, end + strip.ends.start), probability)


def _table(first_track: int, index: tuple[Tensor, Tensor, Tensor], probability: Tensor) -> _Table:
    rows = torch.stack(index, dim=1).to(torch.int32).cpu().numpy()
    return first_track, rows, probability.float().cpu().numpy()
