"""The loss of the beat network: cross-entropies of all that it says, over the moments where it is known."""

import torch
from torch import Tensor, nn

from pianotrans.score.beats.network import BeatLogits
from pianotrans.training.beats.examples import BeatBatch

WEIGHTS = {"beat": 1.0, "downbeat": 1.0, "period": 0.4, "meter": 0.5, "phase": 0.2}


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


def total(losses: dict[str, Tensor]) -> Tensor:
    """The weighted sum."""
    return torch.stack([weight * losses[name] for name, weight in WEIGHTS.items()]).sum()
