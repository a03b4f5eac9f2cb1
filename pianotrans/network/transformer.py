"""The non-hierarchical transformer: one resolution throughout (DESIGN §4).

Axes: C clips, S time steps, P tokens of a step ("places": mel bands and tracks), D width, H heads.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.config import TransformerConfig

_NORM_EPS = 1e-6


def rms_norm(x: Tensor) -> Tensor:
    """Root-mean-square normalisation of the last axis, without gain."""
    return nn.functional.rms_norm(x, x.shape[-1:], eps=_NORM_EPS)


class Attention(nn.Module):
    """Multi-head attention whose keys and values are made by the caller."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Residual update of h; all (batch, n_tokens, D), attending over the second axis."""
        query, key, value = (self._split(x) for x in (self.query(rms_norm(h)), key, value))
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return h + self.scale * self.output(mixed.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (batch, H, n_tokens, D/H)


class FeedForward(nn.Module):
    """Residual two-layer perceptron with exact GELU."""

    def __init__(self, width: int, factor: int):
        super().__init__()
        self.expand = nn.Linear(width, factor * width)
        self.contract = nn.Linear(factor * width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor) -> Tensor:
        """Residual update of h, (..., D)."""
        return h + self.scale * self.contract(nn.functional.gelu(self.expand(rms_norm(h))))


class Block(nn.Module):
    """Attention across the places of a time step, then across the steps of a place, each with a feed-forward.

    Queries come from the normalised running state; keys and values of both attentions from the block's own
    input as it is, so that one projection makes all four.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__()
        width = config.width
        self.keys_values = nn.Linear(width, 4 * width, bias=False)
        self.across_places = Attention(width, config.n_heads)
        self.after_places = FeedForward(width, config.feed_forward_factor)
        self.across_time = Attention(width, config.n_heads)
        self.after_time = FeedForward(width, config.feed_forward_factor)

    def forward(self, x: Tensor) -> Tensor:
        """(C, S, P, D) → the same shape."""
        n_clips = x.shape[0]
        place_key, place_value, time_key, time_value = self.keys_values(x).chunk(4, dim=-1)
        h = self.across_places(x.flatten(0, 1), place_key.flatten(0, 1), place_value.flatten(0, 1))
        h = self.after_places(h).unflatten(0, (n_clips, -1))
        h = self.across_time(_by_place(h), _by_place(time_key), _by_place(time_value))
        return self.after_time(h).unflatten(0, (n_clips, -1)).transpose(1, 2)


def _by_place(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(0, 1)  # (C, S, P, D) → (C·P, S, D)
