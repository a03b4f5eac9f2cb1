"""The intervals that have a chance at all, with their posterior probabilities: a distribution in a few numbers.

By the two sweeps of `sweeps`; no score map is kept. Axes: N tracks, T frames.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.sweeps import FRAMES_PER_STRIP, sweep_back, sweep_forward
from pianotrans.semicrf.threads import over_tracks


@dataclass(frozen=True)
class LikelyIntervals:
    """Intervals and singletons with their probabilities; all of them (n,), in order of track, begin and end."""

    track: Tensor
    begin: Tensor
    end: Tensor
    probability: Tensor


@torch.no_grad()
def likely_intervals(
    scores: IntervalScores, least: float, frames_per_strip: int = FRAMES_PER_STRIP
) -> LikelyIntervals:
    """All intervals, singletons among them, that are more probable than `least`; gap scores are zero.

    O(N · T²) time, O(N · T) memory beside what is found.
    """
    precise = scores.in_float()
    suffixes = sweep_back(precise, frames_per_strip)
    visited = torch.empty_like(suffixes.weight)
    found: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []

    def sweep(part: slice) -> None:
        for strip in sweep_forward(precise, suffixes, visited, part):
            track, begin, end = torch.nonzero(strip.probability > least, as_tuple=True)
            probability = strip.probability[track, begin, end].float()
            found.append(
                (strip.tracks.start + track, begin + strip.begins.start, end + strip.ends.start, probability)
            )

    over_tracks(sweep, scores.n_tracks, scores.query.device)
    singleton = (visited * torch.sigmoid(precise.singleton)).float()
    track, frame = torch.nonzero(singleton > least, as_tuple=True)
    found.append((track, frame, frame, singleton[track, frame]))
    return _in_order(LikelyIntervals(*(torch.cat(parts) for parts in zip(*found, strict=True))), scores.n_frames)


def _in_order(found: LikelyIntervals, n_frames: int) -> LikelyIntervals:
    order = ((found.track * n_frames + found.begin) * n_frames + found.end).argsort()
    return LikelyIntervals(*(getattr(found, f.name)[order] for f in fields(found)))
