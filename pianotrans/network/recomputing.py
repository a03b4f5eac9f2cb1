"""Less memory for training: what is cheaply computed is not kept for the way back, but computed again."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint


def recomputed(function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
    """function(*arguments), of which, where there will be a way back, the arguments alone are kept.

    The function must draw no random numbers. A matrix product that comes last in it is not computed twice.
    """
    if not torch.is_grad_enabled():
        return function(*arguments)
    result: Tensor = checkpoint(function, *arguments, use_reentrant=False, preserve_rng_state=False)
    return result
