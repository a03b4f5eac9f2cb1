"""The loss of the hand network, and how its confidences are made true."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from pianotrans.score.hands.finding import HandFinder, HandModel
from pianotrans.score.hands.hands import RIGHT
from pianotrans.training.hands.examples import HandSource

_TEMPERATURES = np.exp(np.arange(-0.5, 1.5, 0.02))


def hand_loss(right: Tensor, hand: Tensor) -> Tensor:
    """The cross-entropy in nats per note; `hand` (B, M) is 0 where it is not known."""
    is_known = (hand > 0).to(right.dtype)
    is_right = (hand == RIGHT).to(right.dtype)
    total = nn.functional.binary_cross_entropy_with_logits(right, is_right, is_known, reduction="sum")
    return total / is_known.sum().clamp(min=1)


def calibrate(model: HandModel, sources: Iterable[HandSource]) -> float:
    """Divide the logits of a model by the temperature that suits held-out pieces best; returns it.

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. Each piece counts the same.
    """
    finder = HandFinder(model)
    losses = []
    for source in sources:
        right = finder.predict(source.notes)
        hand = torch.from_numpy(source.hand)
        losses.append([float(hand_loss(right / temperature, hand)) for temperature in _TEMPERATURES])
    temperature = float(_TEMPERATURES[np.mean(losses, axis=0).argmin()])
    with torch.no_grad():
        for weight in model.network.leave.parameters():
            weight.div_(temperature)
    return temperature
