"""The non-hierarchical transformer: one resolution throughout (DESIGN §4).

Axes: C clips, S time steps, P tokens of a step ("places": mel bands and tracks), D width, H heads.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.config import TransformerConfig

_NORM_EPS = 1e-6
_TOKENS_PER_CHUNK = 2048  # the hidden layer of so many tokens (8 MB at width 256) stays in the last-level cache


def rms_norm(x: Tensor) -> Tensor:
    """Root-mean-square normalisation of the last axis, without gain.

    By the vector norm, which torch computes several times faster than its own rms_norm on the CPU.
    """
    mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square() / x.shape[-1]
    return x * torch.rsqrt(mean_square + _NORM_EPS)


class Attention(nn.Module):
    """Multi-head attention whose keys and values are made by the caller."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Residual update of h (batch, n, D), which attends to key and value (batch, m, D)."""
        query, key, value = (self._split(x) for x in (self.query(rms_norm(h)), key, value))
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        return torch.addcmul(h, self.scale, self.output(mixed.transpose(1, 2).flatten(2)))

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
        if h.device.type != "cpu" or torch.is_grad_enabled():
            return self._update(h)
        chunks = h.flatten(0, -2).split(_TOKENS_PER_CHUNK)
        return torch.cat([self._update(chunk) for chunk in chunks]).view_as(h)

    def _update(self, h: Tensor) -> Tensor:
        return torch.addcmul(h, self.scale, self.contract(nn.functional.gelu(self.expand(rms_norm(h)))))


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
        place_key, place_value, time_key, time_value = self.keys_values(x).chunk(4, dim=-1)
        return self._update(x, place_key, place_value, time_key, time_value)

    def last_places(self, x: Tensor, n_places: int) -> Tensor:
        """What `forward` gives for the last places of every step, (C, S, n_places, D), and no more work.

        The other places only serve as keys and values across the places.
        """
        place_weight, time_weight = self.keys_values.weight.chunk(2)
        read = x[:, :, -n_places:]
        place_key, place_value = nn.functional.linear(x, place_weight).chunk(2, dim=-1)
        time_key, time_value = nn.functional.linear(read, time_weight).chunk(2, dim=-1)
        return self._update(read, place_key, place_value, time_key, time_value)

    def _update(
        self, x: Tensor, place_key: Tensor, place_value: Tensor, time_key: Tensor, time_value: Tensor
    ) -> Tensor:
        n_clips = x.shape[0]
        h = self.across_places(x.flatten(0, 1), place_key.flatten(0, 1), place_value.flatten(0, 1))
        h = self.after_places(h).unflatten(0, (n_clips, -1))
        h = self.across_time(_by_place(h), _by_place(time_key), _by_place(time_value))
        return self.after_time(h).unflatten(0, (n_clips, -1)).transpose(1, 2)


def _by_place(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(0, 1)  # (C, S, P, D) → (C·P, S, D)
