"""The loss of the meter network: cross-entropies of all that it says."""

from torch import Tensor, nn

from pianotrans.score.meter.model import MeterModel
from pianotrans.score.meter.network import MeterLogits
from pianotrans.training.meter.examples import MeterBatch
from pianotrans.training.runs.task import TOTAL


class MeterObjective(nn.Module):
    """A model together with its losses."""

    def __init__(self, model: MeterModel):
        super().__init__()
        self.model = model

    def forward(self, batch: MeterBatch, step: int) -> dict[str, Tensor]:  # noqa: ARG002 - every step has the same
        """The losses of a batch, scalars."""
        losses = meter_losses(self.model.network(batch.features, batch.is_there), batch)
        return {TOTAL: losses["place"] + losses["downbeat"], **losses}


def meter_losses(logits: MeterLogits, batch: MeterBatch) -> dict[str, Tensor]:
    """The loss of each head; nats per beat of which the truth is known."""
    cross_entropy, binary = nn.functional.cross_entropy, nn.functional.binary_cross_entropy_with_logits
    weight = batch.is_there.to(logits.downbeat.dtype)
    place = cross_entropy(logits.place.flatten(0, 1), batch.place.flatten(), ignore_index=-1, reduction="sum")
    downbeat = binary(logits.downbeat, batch.is_downbeat.to(weight.dtype), weight, reduction="sum")
    return {
        "place": place / (batch.place >= 0).sum().clamp(min=1),
        "downbeat": downbeat / weight.sum().clamp(min=1),
    }
