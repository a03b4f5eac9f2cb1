"""The log partition of scores in factors as a function with a gradient of its own.

The gradient of log Z by a score is the posterior probability of the interval, so that the gradients by query and
key are matrix products of strips of marginals with key and query: neither the score map nor its gradient ever
exists as a whole.
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.sweeps import FRAMES_PER_STRIP, MarginalStrip, Suffixes, sweep_back, sweep_forward
from pianotrans.semicrf.threads import over_parts


def log_partition_factored(scores: IntervalScores, frames_per_strip: int = FRAMES_PER_STRIP) -> Tensor:
    """Log of the summed weight of all labellings of every track, (N,), gap scores zero; differentiable once.

    In float64 (float32 on Apple's GPUs), whatever autocast is on; scores in less than float32 are computed with in
    float32. O(N · T²) time; beside the scores and their gradient O(N · T · frames_per_strip) memory.
    """
    log_z: Tensor = _LogPartition.apply(*scores.in_float().factors, frames_per_strip)  # type: ignore[no-untyped-call]
    return log_z


class _LogPartition(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, singleton: Tensor, frames_per_strip: int) -> Tensor:
        scores = IntervalScores(query, key, singleton)
        suffixes = sweep_back(scores, frames_per_strip)
        ctx.save_for_backward(query, key, singleton)
        ctx.suffixes = suffixes
        return suffixes.weight[:, 0].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        scores = IntervalScores(*ctx.saved_tensors)
        if not ctx.suffixes.weight.isfinite().all():  # the compiled recursion is for numbers alone
            return *(torch.full_like(x, math.nan) for x in scores.factors), None  # type: ignore[return-value]
        return *_gradients(scores, ctx.suffixes, grad), None


def _gradients(scores: IntervalScores, suffixes: Suffixes, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients by query, key and singleton of the sum of grad (N,) times the log partitions."""
    by_query = torch.zeros_like(scores.query, memory_format=torch.contiguous_format)
    by_key = torch.empty_like(scores.key, memory_format=torch.contiguous_format)  # every frame begins in one strip
    visited = torch.empty_like(suffixes.weight)

    def sweep(part: slice) -> None:
        for strip in sweep_forward(scores, suffixes, visited, part):
            weighted = _by_affinity(strip, grad)
            by_key[strip.tracks, strip.begins].baddbmm_(weighted, strip.query, beta=0)
            by_query[strip.tracks, strip.ends].baddbmm_(weighted.mT, strip.key)

    over_parts(sweep, scores.n_tracks, grad.device)
    by_singleton = grad[:, None] * visited * torch.sigmoid(scores.singleton)
    return by_query, by_key, by_singleton.to(scores.singleton.dtype)


def _by_affinity(strip: MarginalStrip, grad: Tensor) -> Tensor:
    """The gradient by the inner products of query and key, (n, begins, ends); takes the place of the marginals."""
    dtype, device = strip.probability.dtype, strip.probability.device
    begins, ends = (torch.arange(x.start, x.stop, device=device, dtype=dtype) for x in (strip.begins, strip.ends))
    by_track = grad[strip.tracks, None, None].to(dtype)
    scale = 1 / math.sqrt(strip.query.shape[-1])
    return strip.probability.mul_((ends - begins[:, None]) * scale).mul_(by_track)
