"""Less memory for training: cheap results are not kept for the backward pass, but computed again."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def recomputed(function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    """function(*arguments); if there is a backward pass, only the arguments are kept for it.

    The function must draw no random numbers. A matrix product that comes last in it is not computed twice.
    """
    if not torch.is_grad_enabled():
        return function(*arguments)
    result: Tensor = checkpoint(function, *arguments, use_reentrant=False, preserve_rng_state=False)
    return result
