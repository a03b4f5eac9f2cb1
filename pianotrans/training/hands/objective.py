"""The loss of the hand network: minus the log-probability of the known hands, whose gradient is exact."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from pianotrans.score.beats.notes import Array
from pianotrans.score.hands.chain import sum_hands
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.hands.network import HandLogits


def hand_loss(logits: HandLogits, hand: Tensor) -> Tensor:
    """Nats per note; `hand` (B, M) is 0 where it is not known: there, both are summed over."""
    allowed = np.zeros((*hand.shape, 2))
    allowed[..., 0][hand.numpy() == RIGHT] = -np.inf
    allowed[..., 1][hand.numpy() == LEFT] = -np.inf
    loss: Tensor = _NegativeLogLikelihood.apply(*logits, allowed)  # type: ignore[no-untyped-call]
    return loss / max(int((hand > 0).sum()), 1)


class _NegativeLogLikelihood(torch.autograd.Function):
    """The log partition of all ways less that of the ways allowed; its gradients are differences of marginals."""

    @staticmethod
    def forward(ctx: Any, right: Tensor, same: Tensor, allowed: Array) -> Tensor:
        n_pieces = len(right)
        potentials = [x.detach().double().numpy().repeat(2, axis=0) for x in (right, same)]
        both = np.stack([np.zeros_like(allowed), allowed], axis=1).reshape(-1, *allowed.shape[1:])
        *marginals, log_partition = (x.reshape(n_pieces, 2, *x.shape[1:]) for x in sum_hands(*potentials, both))
        ctx.save_for_backward(*(torch.from_numpy(x[:, 0] - x[:, 1]).to(right.dtype) for x in marginals))
        return right.new_tensor((log_partition[:, 0] - log_partition[:, 1]).sum())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        right, same = ctx.saved_tensors
        return grad * right, grad * same, None
