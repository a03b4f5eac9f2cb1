"""Forward–backward over scores in factors, strip by strip of the score map (see `recursion`).

Axes: N tracks, T frames, S strips. Of the score map one strip exists at a time: memory O(N · T).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pianotrans.semicrf.recursion import extend_suffix, pass_on
from pianotrans.semicrf.scores import IntervalScores, affinity, exact_type
from pianotrans.semicrf.threads import over_tracks

FRAMES_PER_STRIP = 64
_TRACKS_PER_STRIP = {"cpu": 32}  # 6 MB at T = 691; elsewhere all at once
_TRACKS_PER_GROUP = {"cpu": 8}  # whose intervals reach equally far, in the sweep forward
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

    def sweep(part: slice) -> None:
        for first_track in range(part.start, part.stop, n_at_once):
            tracks = slice(first_track, min(first_track + n_at_once, part.stop))
            for i, begins in reversed(list(enumerate(strips))):
                strip, reached = scores.affinity(tracks, begins), reach[tracks, i]
                extend_suffix(
                    strip, weight[tracks], reached, bonus[tracks], begins.start, lengths, _log_cut(scores)
                )

    over_tracks(sweep, n_tracks, device)
    return Suffixes(weight, weight - bonus, reach.cpu(), strips)


def sweep_forward(
    scores: IntervalScores, suffixes: Suffixes, visited: Tensor, part: slice
) -> Iterator[MarginalStrip]:
    """Posterior probabilities of part of the tracks, strip by strip; left out are the intervals beyond `reach`.

    `visited`, (N, T) like the weights, is filled in on the way: the probability that a labelling visits frame t,
    that is, has no interval across it.
    """
    visited[part] = 0
    visited[part, 0] = 1
    lengths, n_frames = _lengths(scores), scores.n_frames
    for i, begins in enumerate(suffixes.strips):
        for tracks, reach in _by_reach(suffixes.reach[part, i], part.start, scores.query.device):
            ends = slice(begins.start, begins.start + reach)
            window = slice(begins.start, min(max(ends.stop, begins.stop + 1), n_frames))
            key, query = (x.index_select(0, tracks) for x in (scores.key[:, begins], scores.query[:, ends]))
            strip = affinity(key, query)
            known = (visited, suffixes.weight, suffixes.onward)
            passing, weight, onward = (x[:, window].index_select(0, tracks) for x in known)
            pass_on(strip, passing, weight, onward, lengths)
            visited[:, window].index_copy_(0, tracks, passing)
            yield MarginalStrip(tracks, begins, ends, key, query, strip)


def _by_reach(reach: Tensor, first_track: int, device: torch.device) -> Iterator[tuple[Tensor, int]]:
    """Groups of tracks, each with the furthest reach of its tracks."""
    n_in_group = _TRACKS_PER_GROUP.get(device.type, -(-len(reach) // _FEW_GROUPS))
    for tracks in torch.split(reach.argsort(stable=True), n_in_group):
        yield (tracks + first_track).to(device), int(reach[tracks[-1]])


def _lengths(scores: IntervalScores) -> Tensor:
    return torch.arange(scores.n_frames, dtype=scores.query.dtype, device=scores.query.device)


def _log_cut(scores: IntervalScores) -> float:
    """Log of the probability below which an interval counts for nothing: far below the rounding of the others."""
    return 1.75 * torch.log(torch.tensor(torch.finfo(scores.query.dtype).eps)).item()
