"""The optimizer of a small transformer: Muon for the matrices within its blocks, which learn faster by it.

Jordan et al., 2024. AdamW for all other weights, with decay for matrices alone.
"""

from typing import Any

from torch import nn
from torch.optim import AdamW

from pianotrans.training.optimisation.joined import JoinedOptimizer
from pianotrans.training.optimisation.muon import Muon


def make_block_optimizer(
    network: nn.Module,
    blocks: tuple[str, ...],
    *,
    rate: float,
    muon_rate: float,
    weight_decay: float,
    more: tuple[dict[str, Any], ...] = (),
) -> JoinedOptimizer:
    """The optimizer of a network; the names of its blocks begin with one of `blocks`.

    `muon_rate` is the factor of the blocks' matrices; `more` are groups for AdamW besides.
    """
    named = dict(network.named_parameters())
    within = {name for name, weight in named.items() if name.startswith(blocks) and weight.dim() > 1}
    others = [weight for name, weight in named.items() if name not in within]
    groups = [
        {"params": [weight for weight in others if weight.dim() > 1], "weight_decay": weight_decay},
        {"params": [weight for weight in others if weight.dim() <= 1], "weight_decay": 0.0},
        *more,
    ]
    matrices = {"params": [named[name] for name in sorted(within)], "factor": muon_rate}
    adamw = AdamW(groups, lr=rate, betas=(0.9, 0.98))
    return JoinedOptimizer(adamw, Muon([matrices], lr=rate, weight_decay=weight_decay))
