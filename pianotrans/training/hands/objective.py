"""The losses of the hand network: of each note by itself, and of all hands together.

The likelihood of all hands alone would not do: a stretch of many notes given to the wrong hand costs it little more
than the two places where the hands change, while each of these notes is wrong.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pianotrans.score.beats.notes import Array
from pianotrans.score.hands.chain import sum_hands
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.hands.network import HandLogits


def hand_losses(logits: HandLogits, hand: Tensor) -> dict[str, Tensor]:
    """Both losses, in nats per note; `hand` (B, M) is 0 where it is not known."""
    is_known = hand > 0
    is_right = (hand == RIGHT).to(logits.alone.dtype)
    alone = nn.functional.binary_cross_entropy_with_logits(logits.alone, is_right, is_known, reduction="sum")
    return {"alone": alone / is_known.sum().clamp(min=1), "together": chain_loss(logits, hand)}


def chain_loss(logits: HandLogits, hand: Tensor) -> Tensor:
    """Minus the log-probability of the known hands, whose gradient is exact; it sums over those not known."""
    allowed = np.zeros((*hand.shape, 2))
    allowed[..., 0][hand.numpy() == RIGHT] = -np.inf
    allowed[..., 1][hand.numpy() == LEFT] = -np.inf
    loss: Tensor = _NegativeLogLikelihood.apply(logits.right, logits.same, allowed)  # type: ignore[no-untyped-call]
    return loss / max(int((hand > 0).sum()), 1)


class _NegativeLogLikelihood(torch.autograd.Function):
    """The log partition of all ways less that of the ways allowed; its gradients are differences of marginals."""

    @staticmethod
    def forward(ctx: Any, right: Tensor, same: Tensor, allowed: Array) -> Tensor:
        n_pieces = len(right)
        twice = [x.detach().double().numpy().repeat(2, axis=0) for x in (right, same)]
        both = np.stack([np.zeros_like(allowed), allowed], axis=1).reshape(-1, *allowed.shape[1:])
        found = sum_hands(twice[0], twice[1], both)
        *marginals, log_partition = (x.reshape(n_pieces, 2, *x.shape[1:]) for x in found)
        ctx.save_for_backward(*(torch.from_numpy(x[:, 0] - x[:, 1]).to(right.dtype) for x in marginals))
        return right.new_tensor((log_partition[:, 0] - log_partition[:, 1]).sum())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        right, same = ctx.saved_tensors
        return grad * right, grad * same, None
