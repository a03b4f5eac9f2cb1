"""AdaBelief: steps as long as the gradient is believable (Zhuang et al., NeurIPS 2020, arXiv 2010.07468)."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class AdaBelief(Optimizer):
    """Algorithm 2 of the paper with decoupled weight decay, on all tensors of a group at once.

    Like Adam, but the second moment is that of the gradient's deviation from its running mean: where gradients
    agree with what was expected, steps are long. A weight shrinks by lr · weight_decay in every step, whatever
    its gradient.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-16,
        weight_decay: float = 0.0,
    ):
        """`eps` is added to squares, in every step, as in the paper: 1e-16 here is what 1e-8 is to Adam."""
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "n_steps": 0}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change every weight that has a gradient."""
        assert closure is None, "the loss is computed once a step"
        for group in self.param_groups:
            group["n_steps"] += 1
            if weights := [weight for weight in group["params"] if weight.grad is not None]:
                self._change(weights, group)

    def _change(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        means, deviations = zip(*(self._moments(weight) for weight in weights), strict=True)
        mean_decay, deviation_decay = group["betas"]
        torch._foreach_lerp_(means, gradients, 1 - mean_decay)
        surprise = torch._foreach_sub(gradients, means)
        torch._foreach_mul_(deviations, deviation_decay)
        torch._foreach_addcmul_(deviations, surprise, surprise, 1 - deviation_decay)
        torch._foreach_add_(deviations, group["eps"])

        n = group["n_steps"]  # both moments began at zero; their expectations are made up for that
        denominators = torch._foreach_div(deviations, 1 - deviation_decay**n)
        torch._foreach_sqrt_(denominators)
        torch._foreach_add_(denominators, group["eps"])
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_addcdiv_(weights, means, denominators, -group["lr"] / (1 - mean_decay**n))

    def _moments(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Running means of the weight's gradient and of its squared deviation from that, zero at first."""
        state = self.state[weight]
        if not state:
            state["mean"] = torch.zeros_like(weight)
            state["deviation"] = torch.zeros_like(weight)
        return state["mean"], state["deviation"]
