"""Interval scores in factors: an inner product per interval, made tile by tile (README §5).

Axes: N tracks, T frames, D width. A score map is indexed [begin, end].
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def exact_type(device: torch.device) -> torch.dtype:
    """What sums over whole tracks are kept in: scores of a clip add up to 10⁶. Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


@dataclass(frozen=True)
class IntervalScores:
    """score[b, e] = (e - b) · (query[e] · key[b]) / sqrt(D) for b < e; score[t, t] = singleton[t].

    Holds O(N · T · D) numbers; the O(N · T²) map of scores never exists as a whole.
    """

    query: Tensor  # (N, T, D), at the end of an interval
    key: Tensor  # (N, T, D), at its begin
    singleton: Tensor  # (N, T)

    @property
    def n_tracks(self) -> int:
        """N."""
        return self.singleton.shape[0]

    @property
    def n_frames(self) -> int:
        """T."""
        return self.singleton.shape[1]

    @property
    def factors(self) -> tuple[Tensor, Tensor, Tensor]:
        """The three, in order."""
        return self.query, self.key, self.singleton

    def in_float(self) -> "IntervalScores":
        """The same in float32 at least, which the recursions need: float64 stays."""
        return IntervalScores(*(x if x.dtype == torch.float64 else x.float() for x in self.factors))

    def with_bias(self, per_frame: Tensor) -> "IntervalScores":
        """The scores with `per_frame`, (N,), added for every frame that an interval goes on; D grows by one."""
        width = self.query.shape[-1]
        ones = torch.full_like(self.query[..., :1], math.sqrt(width + 1))
        query = torch.cat([self.query * math.sqrt((width + 1) / width), ones], dim=-1)
        bias = per_frame.to(self.key)[:, None, None].expand(-1, self.n_frames, 1)
        return IntervalScores(query, torch.cat([self.key, bias], dim=-1), self.singleton)

    def of(self, track: Tensor, begin: Tensor, end: Tensor) -> Tensor:
        """Scores of single intervals, (n,) for three (n,) of integers; computed in `exact_type`, differentiable."""
        exact = exact_type(self.query.device)
        inner = (self.query[track, end].to(exact) * self.key[track, begin].to(exact)).sum(dim=-1)
        proper = (end - begin) * inner / math.sqrt(self.query.shape[-1])
        return torch.where(begin < end, proper, self.singleton[track, begin].to(exact))

    def affinity(self, tracks: slice, begins: slice, room: Tensor | None = None) -> Tensor:
        """query[e] · key[b] / sqrt(D) of some tracks and begin frames, (n, begins, T - begins.start).

        Entry [n, i, j] belongs to the interval from frame begins.start + i to begins.start + j. `room` as below.
        """
        return affinity(self.key[tracks, begins], self.query[tracks, begins.start :], room)


def affinity(key: Tensor, query: Tensor, room: Tensor | None = None) -> Tensor:
    """query[e] · key[b] / sqrt(D) of some begin and end frames, (n, B, D) and (n, E, D) → (n, B, E).

    Give `room`, a flat tensor that is large enough, to reuse the memory of the tile before: the first touch of
    fresh memory costs a third of what the products do.
    """
    n, n_begins, n_ends, width = len(key), key.shape[1], query.shape[1], key.shape[2]
    tile = query.new_empty(n * n_begins * n_ends) if room is None else room[: n * n_begins * n_ends]
    tile = tile.view(n, n_begins, n_ends)
    return torch.baddbmm(tile, key, query.transpose(1, 2), beta=0, alpha=1 / math.sqrt(width), out=tile)
