"""Forward–backward over scores in factors, strip by strip of the score map (see `recursion`).

Axes: N tracks, T frames, S strips. Of the score map one strip exists at a time: memory O(N · T).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pianotrans.semicrf.recursion import extend_suffix, pass_on
from pianotrans.semicrf.scores import IntervalScores, affinity, exact_type

FRAMES_PER_STRIP = 64
_TRACKS_PER_STRIP = {"cpu": 96}  # 17 MB at T = 691; elsewhere all at once
_N_GROUPS = {"cpu": 6}  # of tracks whose intervals reach equally far, in the way back
_FEW_GROUPS = 3  # where a call costs more than it computes


@dataclass(frozen=True)
class Suffixes:
    """What the sweep from the last frame to the first leaves behind."""

    weight: Tensor  # (N, T) in `exact_type`: log partition of the frames from t on
    onward: Tensor  # (N, T): the same without the singleton at t
    reach: Tensor  # (N, S) of integers on the CPU: end frames of a strip that matter, counted from its first frame
    strips: tuple[slice, ...]


@dataclass(frozen=True)
class MarginalStrip:
    """Posterior probabilities of the intervals of some tracks that begin in the frames of one strip."""

    tracks: Tensor  # (n,) of integers
    begins: slice
    ends: slice
    key: Tensor  # (n, begins, D), of these frames
    query: Tensor  # (n, ends, D)
    probability: Tensor  # (n, begins, ends), zero for begin ≥ end


def sweep_back(scores: IntervalScores, frames_per_strip: int = FRAMES_PER_STRIP) -> Suffixes:
    """The log partition of the frames from every frame on; O(N · T²) time."""
    n_tracks, n_frames, device = scores.n_tracks, scores.n_frames, scores.query.device
    strips = tuple(slice(t, min(t + frames_per_strip, n_frames)) for t in range(0, n_frames, frames_per_strip))
    bonus = torch.nn.functional.softplus(scores.singleton.to(exact_type(device)))
    weight, lengths = torch.empty_like(bonus), _lengths(scores)
    reach = torch.empty(n_tracks, len(strips), dtype=torch.int64, device=device)
    n_at_once = _TRACKS_PER_STRIP.get(device.type, n_tracks)
    for first_track in range(0, n_tracks, n_at_once):
        tracks = slice(first_track, first_track + n_at_once)
        for i, begins in reversed(list(enumerate(strips))):
            strip = scores.affinity(tracks, begins)
            reached = reach[tracks, i]
            extend_suffix(strip, weight[tracks], reached, bonus[tracks], begins.start, lengths, _log_cut(scores))
    return Suffixes(weight, weight - bonus, reach.cpu(), strips)


def sweep_forward(scores: IntervalScores, suffixes: Suffixes, visited: Tensor) -> Iterator[MarginalStrip]:
    """Posterior probabilities strip by strip; left out are the intervals beyond `reach`.

    `visited`, (N, T) like the weights, is filled in on the way: the probability that a labelling visits frame t,
    that is, has no interval across it.
    """
    visited.zero_()[:, 0] = 1
    lengths, n_frames = _lengths(scores), scores.n_frames
    for i, begins in enumerate(suffixes.strips):
        for tracks, reach in _by_reach(suffixes.reach[:, i], scores.query.device):
            ends = slice(begins.start, begins.start + reach)
            window = slice(begins.start, min(max(ends.stop, begins.stop + 1), n_frames))
            key, query = (x.index_select(0, tracks) for x in (scores.key[:, begins], scores.query[:, ends]))
            strip = affinity(key, query)
            known = (visited, suffixes.weight, suffixes.onward)
            passing, weight, onward = (x[:, window].index_select(0, tracks) for x in known)
            pass_on(strip, passing, weight, onward, lengths)
            visited[:, window].index_copy_(0, tracks, passing)
            yield MarginalStrip(tracks, begins, ends, key, query, strip)


def _by_reach(reach: Tensor, device: torch.device) -> Iterator[tuple[Tensor, int]]:
    """Groups of tracks, each with the furthest reach of its tracks."""
    for tracks in reach.argsort(stable=True).tensor_split(_N_GROUPS.get(device.type, _FEW_GROUPS)):
        if len(tracks):
            yield tracks.to(device), int(reach[tracks[-1]])


def _lengths(scores: IntervalScores) -> Tensor:
    return torch.arange(scores.n_frames, dtype=scores.query.dtype, device=scores.query.device)


def _log_cut(scores: IntervalScores) -> float:
    """Log of the probability below which an interval counts for nothing: far below the rounding of the others."""
    return 1.75 * torch.log(torch.tensor(torch.finfo(scores.query.dtype).eps)).item()
