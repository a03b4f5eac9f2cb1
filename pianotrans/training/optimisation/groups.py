"""Which weights decay, and what changes them."""

from collections.abc import Collection
from typing import Any

from torch import nn
from torch.optim import AdamW

from pianotrans.network.coordinates import CoordinateEmbedding
from pianotrans.network.spectrogram import Spectrogram
from pianotrans.training.optimisation.adabelief import AdaBelief
from pianotrans.training.optimisation.joined import AnyOptimizer, JoinedOptimizer
from pianotrans.training.optimisation.muon import Muon
from pianotrans.training.runs.settings import OptimisationSettings


def make_optimizer(model: nn.Module, settings: OptimisationSettings) -> AnyOptimizer:
    """The optimizer of a model, its weights in two groups: those that decay, and those that do not.

    With "muon" there is a third one, before them: the matrices within the blocks of the network.
    """
    if settings.optimizer == "muon":
        named = dict(model.named_parameters())
        within = {name for name, x in named.items() if name.startswith("backbone.blocks.") and x.dim() == 2}
        muon = Muon([named[name] for name in sorted(within)], settings.peak_rate, settings.weight_decay)
        return JoinedOptimizer(muon, _make(AdamW, model, settings, within))
    return _make({"adabelief": AdaBelief, "adamw": AdamW}[settings.optimizer], model, settings)


def _make(
    kind: type[AdaBelief | AdamW],
    model: nn.Module,
    settings: OptimisationSettings,
    without: Collection[str] = (),
) -> AdaBelief | AdamW:
    """One optimizer of all weights but some."""
    decaying = decaying_names(model)
    named = [(name, weight) for name, weight in model.named_parameters() if name not in without]
    groups: list[dict[str, Any]] = [
        {"params": [weight for name, weight in named if name in decaying]},
        {
            "params": [weight for name, weight in named if name not in decaying],
            "weight_decay": 0.0,
        },
    ]
    return kind(
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
