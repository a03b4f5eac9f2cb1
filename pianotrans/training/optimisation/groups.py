"""Which weights decay, and what changes them."""

from typing import Any

from torch import nn
from torch.optim import AdamW, Optimizer

from pianotrans.network.coordinates import CoordinateEmbedding
from pianotrans.network.spectrogram import Spectrogram
from pianotrans.training.optimisation.adabelief import AdaBelief
from pianotrans.training.runs.settings import OptimisationSettings


def make_optimizer(model: nn.Module, settings: OptimisationSettings) -> Optimizer:
    """The optimizer of a model, its weights in two groups: those that decay, and those that do not."""
    decaying = decaying_names(model)
    groups: list[dict[str, Any]] = [
        {"params": [weight for name, weight in model.named_parameters() if name in decaying]},
        {
            "params": [weight for name, weight in model.named_parameters() if name not in decaying],
            "weight_decay": 0.0,
        },
    ]
    make: type[AdaBelief | AdamW] = {"adabelief": AdaBelief, "adamw": AdamW}[settings.optimizer]
    return make(
        groups,
        settings.peak_rate,
        betas=(settings.mean_decay, settings.deviation_decay),
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
    )


def decaying_names(model: nn.Module) -> set[str]:
    """The matrices and kernels of the network.

    No bias, no norm's gain, no residual scale (all of them vectors), no part of an embedding of coordinates and
    no window of the spectrogram: nothing says that these should be small.
    """
    kept = [name for name, part in model.named_modules() if isinstance(part, CoordinateEmbedding | Spectrogram)]
    return {
        name
        for name, weight in model.named_parameters()
        if weight.ndim > 1 and not any(name.startswith(f"{part}.") for part in kept)
    }
