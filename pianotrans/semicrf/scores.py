"""Interval scores in factors: an inner product per interval, made tile by tile (DESIGN §5).

Axes: N tracks, T frames, D width. A score map is indexed [begin, end].
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class IntervalScores:
    """score[b, e] = (e - b) · (query[e] · key[b]) / sqrt(D) for b < e; score[t, t] = singleton[t].

    Holds O(N · T · D) numbers; the O(N · T²) map is only made for the tracks that are asked for.
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

    def map(self, tracks: slice = slice(None)) -> Tensor:
        """Score maps of some tracks, (n, T, T), zero below the diagonal."""
        query, key = self.query[tracks], self.key[tracks]
        frames = torch.arange(self.n_frames, device=query.device, dtype=query.dtype)
        lengths = (frames[None, :] - frames[:, None]).clamp(min=0) / math.sqrt(query.shape[-1])
        return torch.bmm(key, query.transpose(1, 2)) * lengths + torch.diag_embed(self.singleton[tracks])

    def affinity(self, tracks: slice, begins: slice) -> Tensor:
        """query[e] · key[b] / sqrt(D) of some tracks and begin frames, (n, begins, T - begins.start).

        Entry [n, i, j] belongs to the interval from frame begins.start + i to begins.start + j.
        """
        query, key = self.query[tracks, begins.start :], self.key[tracks, begins]
        scale = 1 / math.sqrt(query.shape[-1])
        tile = query.new_empty(key.shape[0], key.shape[1], query.shape[1])
        return torch.baddbmm(tile, key, query.transpose(1, 2), beta=0, alpha=scale)
