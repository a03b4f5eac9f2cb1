"""Log partition and marginals of whole score maps, for tracks that are too long to enumerate (README §6).

Axes: N tracks, T frames. Scores are indexed [track, begin, end]; nothing below the diagonal is read.
Recursions run over frames and are vectorised over tracks and ends: O(N · T²) time, and memory beside the
scores O(N · T). Give float64 where differences of large scores matter: published scores reach ±80 000.
"""

import math

import torch
from torch import Tensor

from pianotrans.semicrf import IntervalScores


def score_map(scores: IntervalScores, tracks: slice = slice(None)) -> Tensor:
    """Score maps of some tracks, (n, T, T), zero below the diagonal."""
    query, key = scores.query[tracks], scores.key[tracks]
    frames = torch.arange(scores.n_frames, device=query.device, dtype=query.dtype)
    lengths = (frames[None, :] - frames[:, None]).clamp(min=0) / math.sqrt(query.shape[-1])
    return torch.bmm(key, query.transpose(1, 2)) * lengths + torch.diag_embed(scores.singleton[tracks])


def log_partition(scores: Tensor, gap: Tensor | None = None) -> Tensor:
    """Log of the summed weight of all labellings of the frames from each start frame on.

    Args:
        scores: (N, T, T), -inf allowed.
        gap: (N, T - 1), score of "nothing" between frames t and t + 1; zeros if None.

    Returns:
        (N, T): entry [n, t] starts at frame t; the log partition of the whole track is [:, 0].
        Differentiable; the gradient of [:, 0] with respect to `scores` is what `marginals` returns.
    """
    n_tracks, n_frames = scores.shape[:2]
    gap = _gap_or_zeros(scores, gap)
    singleton = torch.nn.functional.softplus(torch.diagonal(scores, dim1=1, dim2=2))
    suffix = singleton[:, -1:]  # (N, T - t): log partition from frame t, t + 1, …
    for t in range(n_frames - 2, -1, -1):
        skip = suffix[:, :1] + gap[:, t, None]
        moves = torch.cat([skip, scores[:, t, t + 1 :] + suffix], dim=1)
        suffix = torch.cat([singleton[:, t, None] + torch.logsumexp(moves, dim=1, keepdim=True), suffix], dim=1)
    return suffix.view(n_tracks, n_frames)


def marginals(scores: Tensor, gap: Tensor | None = None) -> Tensor:
    """Posterior probability of every interval, (N, T, T), zero below the diagonal.

    Arguments as in `log_partition`. By forward and backward recursion, so that -inf scores are as good as any
    others; equal to the gradient of the log partition where that exists.
    """
    gap = _gap_or_zeros(scores, gap)
    diagonal = torch.diagonal(scores, dim1=1, dim2=2)
    suffix = log_partition(scores, gap)
    prefix = log_partition(scores.flip(1, 2).transpose(1, 2), gap.flip(1)).flip(1)  # the same, reversed in time
    log_z = suffix[:, :1]
    proper = torch.triu(torch.exp(prefix[:, :, None] + scores + suffix[:, None, :] - log_z[:, :, None]), diagonal=1)
    visited = torch.exp(prefix + suffix - torch.nn.functional.softplus(diagonal) - log_z)
    return proper + torch.diag_embed(torch.sigmoid(diagonal) * visited)


def _gap_or_zeros(scores: Tensor, gap: Tensor | None) -> Tensor:
    return scores.new_zeros(scores.shape[0], scores.shape[1] - 1) if gap is None else gap
