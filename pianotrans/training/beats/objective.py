"""The loss of the beat network: cross-entropies of all that it says, and the likelihood of the annotated beats."""

import torch
from torch import Tensor, nn

from pianotrans.score.beats.lattice import BarStates
from pianotrans.score.beats.network import BeatLogits
from pianotrans.score.beats.tracking import BeatModel
from pianotrans.training.beats.course import BeatCourse
from pianotrans.training.beats.examples import BeatBatch
from pianotrans.training.beats.likelihood import batch_loss
from pianotrans.training.runs.task import TOTAL

WEIGHTS = {"beat": 1.0, "downbeat": 1.0, "period": 0.4, "meter": 0.5, "phase": 0.2}
TRAINED_METERS = BarStates((2, 3, 4))


class BeatObjective(nn.Module):
    """A model together with its losses."""

    def __init__(self, model: BeatModel, course: BeatCourse):
        super().__init__()
        self.model, self._course = model, course

    def forward(self, batch: BeatBatch, step: int) -> dict[str, Tensor]:
        """The losses of a batch, scalars: those of the heads, and the likelihood's where the step takes it.

        The gradient of the likelihood is noisy, as a batch has few pieces: at first it would drown what there is
        to learn about tempo and meter.
        """
        course = self._course
        logits = self.model.network(batch.features, batch.time_s, batch.is_there)
        losses = beat_losses(logits, batch)
        loss = torch.stack([weight * losses[name] for name, weight in WEIGHTS.items()]).sum()
        if course.takes_likelihood(step):
            seen = logits if course.teaches_network(step) else BeatLogits(*(x.detach() for x in logits))
            losses["likelihood"] = batch_loss(seen, batch, self.model.potentials, TRAINED_METERS)
            loss = loss + course.likelihood_weight * losses["likelihood"]
        return {TOTAL: loss, **losses}


def beat_losses(logits: BeatLogits, batch: BeatBatch) -> dict[str, Tensor]:
    """The loss of each head; nats per moment."""
    binary = nn.functional.binary_cross_entropy_with_logits
    span = batch.span_weight

    def mean(loss: Tensor, weight: Tensor) -> Tensor:
        return (loss * weight).sum() / weight.sum().clamp(min=1)

    def spread(x: Tensor, target: Tensor) -> Tensor:
        return -(target * torch.log_softmax(x, dim=-1)).sum(dim=-1)

    meter = nn.functional.cross_entropy(logits.meter.transpose(1, 2), batch.meter.clamp(min=0), reduction="none")
    return {
        "beat": mean(binary(logits.beat, batch.beat, reduction="none"), batch.beat_weight),
        "downbeat": mean(binary(logits.downbeat, batch.downbeat, reduction="none"), batch.beat_weight),
        "period": mean(spread(logits.period, batch.period), span),
        "meter": mean(meter, (batch.meter >= 0).to(span.dtype)),
        "phase": mean(spread(logits.phase, batch.phase), span),
    }
