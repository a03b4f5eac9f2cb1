"""The loss of the meter network: cross-entropies of all that it says."""

import torch
from torch import Tensor, nn

from pianotrans.score.meter.model import MeterModel
from pianotrans.score.meter.network import MeterLogits
from pianotrans.training.meter.examples import MeterBatch
from pianotrans.training.runs.task import TOTAL

WEIGHTS = {"place": 1.0, "downbeat": 1.0, "level": 0.3}


class MeterObjective(nn.Module):
    """A model together with its losses."""

    def __init__(self, model: MeterModel):
        super().__init__()
        self.model = model

    def forward(self, batch: MeterBatch, step: int) -> dict[str, Tensor]:  # noqa: ARG002 - every step has the same
        """The losses of a batch, scalars."""
        losses = meter_losses(self.model.network(batch.features, batch.is_there), batch)
        return {TOTAL: torch.stack([weight * losses[name] for name, weight in WEIGHTS.items()]).sum(), **losses}


def meter_losses(logits: MeterLogits, batch: MeterBatch) -> dict[str, Tensor]:
    """The loss of each head; nats per beat of which the truth is known."""
    binary = nn.functional.binary_cross_entropy_with_logits
    is_known = (batch.is_downbeat >= 0).to(logits.downbeat.dtype)
    downbeat = binary(logits.downbeat, batch.is_downbeat.to(is_known.dtype), is_known, reduction="sum")
    return {
        "place": _cross_entropy(logits.place, batch.place),
        "downbeat": downbeat / is_known.sum().clamp(min=1),
        "level": _cross_entropy(logits.level, batch.level),
    }


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean over targets from 0 on; 0 if there are none."""
    total = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-1, reduction="sum")
    return total / (target >= 0).sum().clamp(min=1)
