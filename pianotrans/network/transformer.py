"""The non-hierarchical transformer: one resolution throughout (README §4).

Axes: C clips, S time steps, P tokens of a step ("places": mel bands and tracks), D width, H heads.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from pianotrans.network.config import TransformerConfig
from pianotrans.network.precision import Linear
from pianotrans.network.recomputing import recomputed

_NORM_EPS = 1e-6
_TOKENS_PER_CHUNK = 4096  # their activations (4 MB at width 256) stay in the caches


def rms_norm(x: Tensor) -> Tensor:
    """Root-mean-square normalisation of the last axis, without gain.

    By the vector norm, which torch computes several times faster than its own rms_norm on the CPU.
    """
    if x.requires_grad and torch.is_grad_enabled():
        normed: Tensor = _RmsNorm.apply(x)
        return normed
    return x * _inverse_rms(x)


class _RmsNorm(torch.autograd.Function):
    """The gradient in four passes over x, where autograd would take ten and keep what it needs for them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        inverse = _inverse_rms(x)
        ctx.save_for_backward(x, inverse)
        return x * inverse

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x, inverse = ctx.saved_tensors
        along = (grad * x).sum(dim=-1, keepdim=True) * inverse**3 / x.shape[-1]
        return torch.addcmul(grad * inverse, x, along, value=-1)


def _inverse_rms(x: Tensor) -> Tensor:
    mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square() / x.shape[-1]
    return torch.rsqrt(mean_square + _NORM_EPS)


def _add_scaled(h: Tensor, scale: Tensor, x: Tensor, linear: nn.Linear) -> Tensor:
    """H + scale ⊙ linear(x).

    In training the scale goes into the weights: its gradient then costs no pass over the map, and the map before
    the scale need not be kept.
    """
    if scale.requires_grad and torch.is_grad_enabled():
        return h + nn.functional.linear(x, scale[:, None] * linear.weight, scale * linear.bias)
    return torch.addcmul(h, scale, linear(x))


class Attention(nn.Module):
    """Multi-head attention whose keys and values are made by the caller."""

    def __init__(self, width: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.query = Linear(width, width, bias=False)
        self.output = Linear(width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Residual update of h (batch, n, D), which attends to key and value (batch, m, D)."""
        query, key, value = (self._split(x) for x in (self.query(rms_norm(h)), key, value))
        mixed = _attend(query, key, value)
        return _add_scaled(h, self.scale, mixed.transpose(1, 2).flatten(2), self.output)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (batch, H, n_tokens, D/H)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Scaled dot-product attention.

    Training on the CPU takes float32, because the gradient takes torch five times as long in bfloat16.
    """
    if query.requires_grad and query.device.type == "cpu" and query.dtype.itemsize < 4:
        with torch.autocast("cpu", enabled=False):
            return nn.functional.scaled_dot_product_attention(query.float(), key.float(), value.float())
    return nn.functional.scaled_dot_product_attention(query, key, value)


class FeedForward(nn.Module):
    """Residual two-layer perceptron with exact GELU."""

    def __init__(self, width: int, factor: int):
        super().__init__()
        self.expand = Linear(width, factor * width)
        self.contract = Linear(factor * width, width)
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor) -> Tensor:
        """Residual update of h, (..., D). Of the wide maps one is kept for training, the one before the GELU."""
        expanded = recomputed(lambda h: self.expand(rms_norm(h)), h)
        return recomputed(
            lambda h, x: _add_scaled(h, self.scale, nn.functional.gelu(x), self.contract), h, expanded
        )


class TransformerBlock(nn.Module):
    """Attention across the places of a time step, then across the steps of a place, each with a feed-forward.

    Queries come from the normalised running state; keys and values of both attentions from the block's own
    input as it is.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__()
        width = config.width
        self.keys_values = Linear(width, 4 * width, bias=False)
        self.across_places = Attention(width, config.n_heads)
        self.after_places = FeedForward(width, config.feed_forward_factor)
        self.across_time = Attention(width, config.n_heads)
        self.after_time = FeedForward(width, config.feed_forward_factor)
        self.recompute = False  # in training: keep only the input of the two halves, and compute the rest again

    def forward(self, x: Tensor) -> Tensor:
        """(C, S, P, D) → the same shape."""
        return self.last_places(x, x.shape[2])

    def last_places(self, x: Tensor, n_places: int) -> Tensor:
        """The update of the last places of every step, (C, S, n_places, D), and no more work.

        The other places only serve as keys and values across the places.
        """
        over_places, over_time = partial(self._mix_places, n_places), self._mix_time
        if self.recompute:
            over_places, over_time = (partial(recomputed, mix) for mix in (over_places, over_time))
        h = _in_chunks(over_places, x.flatten(0, 1)).unflatten(0, (len(x), -1))
        h = _in_chunks(over_time, _by_place(h), _by_place(_last(x, n_places)))
        return h.unflatten(0, (len(x), -1)).transpose(1, 2)

    def _mix_places(self, n_places: int, x: Tensor) -> Tensor:
        key, value = self._keys_values(x, 0)
        return self.after_places(self.across_places(_last(x, n_places), key, value))

    def _mix_time(self, h: Tensor, x: Tensor) -> Tensor:
        key, value = self._keys_values(x, 1)
        return self.after_time(self.across_time(h, key, value))

    def _keys_values(self, x: Tensor, attention: int) -> tuple[Tensor, Tensor]:
        weight = self.keys_values.weight.chunk(2)[attention]
        key, value = nn.functional.linear(x.to(weight.dtype), weight).chunk(2, dim=-1)
        return key, value


def _in_chunks(mix: Callable[..., Tensor], *maps: Tensor) -> Tensor:
    """mix(*maps) for maps (batch, n, D) of equal batch, on the CPU a few rows of the batch at a time.

    Memory is slower than two cores multiply: whole maps between the layers cost 8 % more time, and 20 % in
    training. Rows are made contiguous because torch takes the product of strided ones row by row, each with a
    copy of the weights.
    """
    if maps[0].device.type != "cpu" or torch.compiler.is_compiling():
        return mix(*(x.contiguous() for x in maps))
    n_rows = max(1, _TOKENS_PER_CHUNK // maps[0].shape[1])
    chunks = zip(*(x.split(n_rows) for x in maps), strict=True)
    return torch.cat([mix(*(x.contiguous() for x in chunk)) for chunk in chunks])


def _by_place(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(0, 1)  # (C, S, P, D) → (C·P, S, D)


def _last(x: Tensor, n_places: int) -> Tensor:
    """The last places, (..., n_places, D); all of them are x itself, as the gradient of a slice is one more map."""
    return x if n_places == x.shape[-2] else x[..., -n_places:, :]
