"""The two recursions of the semi-CRF on one strip of the score map (README §6), on any device.

A strip is the part of the score map for R consecutive begin frames of N tracks: entry [n, i, j] belongs to the
interval from the strip's frame i to frame j, both counted from its first frame, E end frames in all. It holds
affinities, which `lengths` (0, 1, …) makes scores. Gap scores are zero. From the last strip to the first runs

    suffix[t] = softplus(score[t, t]) + onward[t]         log partition of the frames from t on
    onward[t] = logaddexp(suffix[t + 1], logsumexp over e > t of (score[t, e] + suffix[e]))

after which an interval follows upon frame t with the probability exp(score[t, e] + suffix[e] - onward[t]), the
gap with what is left. From the first strip to the last these pass on the probability that a labelling visits t.

Scores in float32 on the CPU are the compiled functions' business; these here are torch alone, one call per
strip for what lies behind the strip's own frames, and a loop or a triangular system for the rest.
"""

import torch
from torch import Tensor

from pianotrans.semicrf import compiled


def extend_suffix(
    strip: Tensor, suffix: Tensor, reach: Tensor, bonus: Tensor, first: int, lengths: Tensor, log_cut: float
) -> None:
    """Fill in the suffixes of a strip's frames, those behind it being known.

    Args:
        strip: (N, R, E) with E reaching to the last frame.
        suffix: (N, T), filled in at frames first … first + R - 1.
        reach: (N,), set to the number of end frames, R at least, behind which no interval of the strip follows
            with a probability above exp(log_cut).
        bonus: (N, T), softplus of the singletons' scores.
        first: the strip's first frame.
        lengths: (T,), 0, 1, … in the type of the strip.
        log_cut: see `reach`.
    """
    if _is_compiled(strip):
        compiled.extend_suffix(
            strip.numpy(), suffix.numpy(), reach.numpy(), bonus.numpy(), first, lengths.numpy(), log_cut
        )
    else:
        _extend_by_torch(strip, suffix, reach, bonus, first, lengths, log_cut)


def pass_on(strip: Tensor, visited: Tensor, suffix: Tensor, onward: Tensor, lengths: Tensor) -> None:
    """Pass the probabilities of a strip's frames on, and turn its affinities into marginals; both in place.

    Args:
        strip: (N, R, E); afterwards the posterior probability of every interval, zero for begin ≥ end.
        visited: (N, W), the probability that a labelling visits a frame, from the strip's first frame on, as far
            as earlier strips have passed it on. W ≥ E, and W > R unless the track ends with the strip.
        suffix: (N, W), of the same frames.
        onward: (N, W), of the same frames.
        lengths: as in `extend_suffix`.
    """
    if _is_compiled(strip):
        compiled.pass_on(strip.numpy(), visited.numpy(), suffix.numpy(), onward.numpy(), lengths.numpy())
    else:
        _pass_on_by_torch(strip, visited, suffix, onward, lengths)


def _is_compiled(strip: Tensor) -> bool:
    return strip.device.type == "cpu" and strip.dtype == torch.float32


def _extend_by_torch(
    strip: Tensor, suffix: Tensor, reach: Tensor, bonus: Tensor, first: int, lengths: Tensor, log_cut: float
) -> None:
    n_rows, n_columns = strip.shape[1:]
    stop = first + n_rows
    scores = _scores(strip, lengths)
    far = scores[:, :, n_rows:] + suffix[:, None, stop:]  # (N, R, E - R)
    behind = _log_sum_exp(far)[:, :, None]
    for i in range(n_rows - 1, -1, -1):
        t = first + i
        near = scores[:, i, i + 1 : n_rows] + suffix[:, t + 1 : stop]
        gap = suffix[:, t + 1 : t + 2]  # nothing at the last frame
        onward = torch.cat([gap, near, behind[:, i]], dim=1).logsumexp(dim=1)
        suffix[:, t] = bonus[:, t] + (onward if t + 1 < suffix.shape[1] else 0)
    onward = suffix[:, first:stop] - bonus[:, first:stop]
    follows = (far - onward[:, :, None] > log_cut).any(dim=1)
    counted = torch.arange(n_rows + 1, n_columns + 1, device=reach.device) * follows
    reach[:] = torch.cat([torch.full_like(reach, n_rows)[:, None], counted], dim=1).amax(dim=1)


def _pass_on_by_torch(strip: Tensor, visited: Tensor, suffix: Tensor, onward: Tensor, lengths: Tensor) -> None:
    n_rows, n_columns = strip.shape[1:]
    exponents = _scores(strip, lengths) + suffix[:, None, :n_columns] - onward[:, :n_rows, None]
    chance = exponents.to(strip.dtype).exp_().triu_(1)  # (N, R, E), up to the sum
    following = suffix[:, 1 : n_rows + 1]  # (N, R), one less where the track ends
    gap = torch.exp(following - onward[:, : following.shape[1]])
    gap = torch.nn.functional.pad(gap, (0, n_rows - gap.shape[1]))
    total = chance.sum(dim=2, dtype=gap.dtype) + gap
    total = torch.where(total > 0, total, 1)  # the last frame, upon which nothing follows
    gap, chance = gap / total, chance.div_(total[:, :, None])
    # Who visits frame e comes from outside, or from another frame t of the strip: a triangular system.
    near = chance[:, :, :n_rows].to(visited.dtype) + torch.diag_embed(gap[:, :-1], 1)
    system = torch.eye(n_rows, dtype=near.dtype, device=near.device) - near
    visiting = torch.linalg.solve_triangular(
        system, visited[:, None, :n_rows], upper=True, left=False, unitriangular=True
    )[:, 0]
    visited[:, :n_rows] = visiting
    torch.mul(chance, visiting[:, :, None], out=strip)
    visited[:, n_rows:n_columns] += strip[:, :, n_rows:].sum(dim=1, dtype=visited.dtype)
    if visited.shape[1] > n_rows:
        visited[:, n_rows] += visiting[:, -1] * gap[:, -1]


def _scores(strip: Tensor, lengths: Tensor) -> Tensor:
    """(N, R, E) affinities as scores; of no meaning for begin ≥ end."""
    n_rows, n_columns = strip.shape[1:]
    return strip * (lengths[None, :n_columns] - lengths[:n_rows, None])


def _log_sum_exp(moves: Tensor) -> Tensor:
    """Over the last axis, which may be empty."""
    if not moves.shape[2]:
        return moves.new_full(moves.shape[:2], -torch.inf)
    return moves.logsumexp(dim=2)
