"""The loss of the hand network."""

from torch import Tensor, nn

from pianotrans.score.hands.finding import HandModel
from pianotrans.score.hands.hands import RIGHT
from pianotrans.training.hands.examples import HandBatch
from pianotrans.training.runs.task import TOTAL


class HandObjective(nn.Module):
    """A model together with its loss."""

    def __init__(self, model: HandModel):
        super().__init__()
        self.model = model

    def forward(self, batch: HandBatch, step: int) -> dict[str, Tensor]:  # noqa: ARG002 - every step has the same
        """The loss of a batch, a scalar."""
        right = self.model.network(batch.features, batch.time_s, batch.key, batch.is_there)
        return {TOTAL: hand_loss(right, batch.hand)}


def hand_loss(right: Tensor, hand: Tensor) -> Tensor:
    """The cross-entropy in nats per note; `hand` (…) is 0 where it is not known."""
    is_known = (hand > 0).to(right.dtype)
    is_right = (hand == RIGHT).to(right.dtype)
    total = nn.functional.binary_cross_entropy_with_logits(right, is_right, is_known, reduction="sum")
    return total / is_known.sum().clamp(min=1)
