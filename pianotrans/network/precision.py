"""Products in fewer bits than float32, where the machine has units for them.

A layer computes in the type that its weights are stored in; what is added up between the layers, the residual
stream of the transformer, stays float32. So do the upsampling, the scorer and all after it: the scores of a segment
reach ±80 000 (README §10).
"""

import torch
from torch import Tensor, nn


class Linear(nn.Linear):
    """A linear layer that takes input of any type and computes in the type of its weights."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., n_in) → (..., n_out), in the type of the weights."""
        return nn.functional.linear(x.to(self.weight.dtype), self.weight, self.bias)


def store_products_in(dtype: torch.dtype, *parts: nn.Module) -> None:
    """Make the linear layers, convolutions and group norms of these parts compute in `dtype`."""
    for part in parts:
        for module in part.modules():
            if isinstance(module, Linear | nn.Conv2d | nn.GroupNorm):
                module.to(dtype)
