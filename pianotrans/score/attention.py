"""Blocks of a transformer over what lies along a piece: attention to what is near, or to the whole.

Positions are rotary phases (Su et al., "RoFormer", 2021), in seconds and, for notes, in semitones too: attention
sees how far apart two places are, not how many lie between.

Axes: B pieces, M places (moments or notes, padded), D width, H heads.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Phases(NamedTuple):
    """Cosines and sines of rotary positions, each (B, 1, n, D/H/2)."""

    cos: Tensor
    sin: Tensor


def rotary_phases(position: Tensor, n_waves: int, shortest: float, longest: float) -> Phases:
    """Positions (B, n) as phases of `n_waves` waves whose periods go from `shortest` to `longest`."""
    exponent = torch.arange(n_waves, device=position.device, dtype=torch.float32) / max(n_waves - 1, 1)
    angle = 2 * math.pi * position[:, None, :, None] / (shortest * (longest / shortest) ** exponent)
    return Phases(angle.cos(), angle.sin())


def _rotate(x: Tensor, phases: Phases) -> Tensor:
    """Rotate x (B, H, n, D/H), whose two halves are real and imaginary parts."""
    real, imaginary = x.chunk(2, dim=-1)
    return torch.cat(
        [real * phases.cos - imaginary * phases.sin, real * phases.sin + imaginary * phases.cos], dim=-1
    )


class Near:
    """Which places are near each other: blocks of `reach` places, which attend to themselves and both beside.

    `phases` are those of all places, whose number is a multiple of `reach`; `is_there` (B, M) is False for padding.
    """

    def __init__(self, phases: Phases, is_there: Tensor, reach: int):
        self.reach = reach
        self.phases = phases
        seen = self.with_neighbours(is_there[:, None, :, None])  # (B·blocks, 1, 3 reach, 1)
        self.mask = seen.transpose(2, 3)  # (B·blocks, 1, 1, 3 reach)
        self.mask = self.mask | ~self.mask.any(dim=-1, keepdim=True)  # a block of padding attends to anything

    def alone(self, x: Tensor) -> Tensor:
        """(B, H, M, d) → (B·blocks, H, reach, d)."""
        return x.unflatten(2, (-1, self.reach)).transpose(1, 2).flatten(0, 1)

    def with_neighbours(self, x: Tensor) -> Tensor:
        """(B, H, M, d) → (B·blocks, H, 3 reach, d), zeros beyond both ends."""
        blocks = x.unflatten(2, (-1, self.reach)).transpose(1, 2)  # (B, blocks, H, reach, d)
        nothing = torch.zeros_like(blocks[:, :1])
        left = torch.cat([nothing, blocks[:, :-1]], dim=1)
        right = torch.cat([blocks[:, 1:], nothing], dim=1)
        return torch.cat([left, blocks, right], dim=3).flatten(0, 1)


class _Block(nn.Module):
    """A residual attention and a residual feed-forward, both behind a norm."""

    def __init__(self, width: int, n_heads: int, feed_forward_factor: int, dropout: float):
        super().__init__()
        self.n_heads = n_heads
        self.norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width)
        self.feed_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, feed_forward_factor * width)
        self.contract = nn.Linear(feed_forward_factor * width, width)
        self.dropout = nn.Dropout(dropout)

    def _heads(self, h: Tensor, phases: Phases) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (
            x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for x in self.query_key_value(self.norm(h)).chunk(3, dim=-1)
        )
        return _rotate(query, phases), _rotate(key, phases), value

    def _add(self, h: Tensor, mixed: Tensor) -> Tensor:
        """Add what the attention mixed, (B, H, n, D/H), then the feed-forward."""
        h = h + self.dropout(self.output(mixed.transpose(1, 2).flatten(2)))
        wide = nn.functional.gelu(self.expand(self.feed_norm(h)))
        return h + self.dropout(self.contract(wide))


class NearBlock(_Block):
    """Attends to the places nearby."""

    def forward(self, h: Tensor, near: Near) -> Tensor:
        """(B, M, D) → the same shape."""
        query, key, value = self._heads(h, near.phases)
        mixed = nn.functional.scaled_dot_product_attention(
            near.alone(query), near.with_neighbours(key), near.with_neighbours(value), attn_mask=near.mask
        )
        mixed = mixed.unflatten(0, (len(h), -1)).transpose(1, 2).flatten(2, 3)
        return self._add(h, mixed)


class AcrossBlock(_Block):
    """Attends to the whole piece."""

    def forward(self, h: Tensor, phases: Phases, is_there: Tensor) -> Tensor:
        """(B, n, D) → the same shape."""
        query, key, value = self._heads(h, phases)
        mask = is_there[:, None, None, :]
        return self._add(h, nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask))
