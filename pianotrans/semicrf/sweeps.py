"""Forward–backward over scores in factors, strip by strip of the score map (see `recursion`).

Axes: N tracks, T frames, S strips. Of the score map one strip exists at a time: memory O(N · T).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from pianotrans.semicrf.recursion import extend_suffix, pass_on
from pianotrans.semicrf.scores import IntervalScores, affinity, exact_type
from pianotrans.semicrf.threads import over_parts

FRAMES_PER_STRIP = 64
_TRACKS_PER_STRIP = {"cpu": 32}  # 6 MB at T = 691; elsewhere all at once


@dataclass(frozen=True)
class _Grouping:
    """Which neighbouring tracks are computed together though their intervals do not reach equally far."""

    n_tracks: int  # at most
    n_wasted: int  # end frames, summed over tracks, that take as long as the calls for one more group

    def of(self, reach: list[int]) -> Iterator[tuple[slice, int]]:
        """Groups that make up all tracks, each with the furthest reach of its tracks."""
        start = 0
        while start < len(reach):
            stop, furthest = start + 1, reach[start]
            while stop < min(start + self.n_tracks, len(reach)):
                more, fewer = reach[stop] - furthest, furthest - reach[stop]
                if max(more * (stop - start), fewer) > self.n_wasted:
                    break
                stop, furthest = stop + 1, max(furthest, reach[stop])
            yield slice(start, stop), furthest
            start = stop


_GROUPING = {"cpu": _Grouping(16, 100)}  # elsewhere a call costs more than it computes


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

    tracks: slice
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
        room = scores.query.new_empty(n_at_once * frames_per_strip * n_frames)
        for first_track in range(part.start, part.stop, n_at_once):
            tracks = slice(first_track, min(first_track + n_at_once, part.stop))
            for i, begins in reversed(list(enumerate(strips))):
                strip, reached = scores.affinity(tracks, begins, room), reach[tracks, i]
                extend_suffix(
                    strip, weight[tracks], reached, bonus[tracks], begins.start, lengths, _log_cut(scores)
                )

    over_parts(sweep, n_tracks, device)
    return Suffixes(weight, weight - bonus, reach.cpu(), strips)


def sweep_forward(
    scores: IntervalScores, suffixes: Suffixes, visited: Tensor, part: slice
) -> Iterator[MarginalStrip]:
    """Posterior probabilities of part of the tracks, strip by strip; left out are the intervals beyond `reach`.

    A strip is gone when the next one is asked for: all take the same place in memory.

    `visited`, (N, T) like the weights, is filled in on the way: the probability that a labelling visits frame t,
    that is, has no interval across it.
    """
    visited[part] = 0
    visited[part, 0] = 1
    lengths, n_frames = _lengths(scores), scores.n_frames
    grouping = _GROUPING.get(scores.query.device.type, _Grouping(part.stop - part.start, 50_000))
    frames_per_strip = max((begins.stop - begins.start for begins in suffixes.strips), default=0)
    room = scores.query.new_empty(min(grouping.n_tracks, part.stop - part.start) * frames_per_strip * n_frames)
    for i, begins in enumerate(suffixes.strips):
        for group, reach in grouping.of(suffixes.reach[part, i].tolist()):
            tracks = slice(part.start + group.start, part.start + group.stop)
            ends = slice(begins.start, begins.start + reach)
            window = slice(begins.start, min(max(ends.stop, begins.stop + 1), n_frames))
            key, query = scores.key[tracks, begins], scores.query[tracks, ends]
            strip = affinity(key, query, room)
            passing, weight, onward = (x[tracks, window] for x in (visited, suffixes.weight, suffixes.onward))
            pass_on(strip, passing, weight, onward, lengths)
            yield MarginalStrip(tracks, begins, ends, key, query, strip)


def _lengths(scores: IntervalScores) -> Tensor:
    return torch.arange(scores.n_frames, dtype=scores.query.dtype, device=scores.query.device)


def _log_cut(scores: IntervalScores) -> float:
    """Log of the probability below which an interval counts for nothing: far below the rounding of the others."""
    return 1.75 * torch.log(torch.tensor(torch.finfo(scores.query.dtype).eps)).item()
