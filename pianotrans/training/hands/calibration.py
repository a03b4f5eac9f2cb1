"""How confidences are made true: logits divided by a temperature.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from pianotrans.training.hands.objective import hand_loss

_TEMPERATURES = np.exp(np.arange(-0.5, 1.5, 0.02))
_LAST_LAYER = "network.leave."


def fit_temperature(pieces: Sequence[tuple[Tensor, Tensor]]) -> float:
    """The temperature that suits held-out pieces best: logits and hands, both (n_notes,). Each counts the same."""
    losses = [[float(hand_loss(right / one, hand)) for one in _TEMPERATURES] for right, hand in pieces]
    return float(_TEMPERATURES[np.mean(losses, axis=0).argmin()])


def calibrate(weights: Mapping[str, Tensor], temperature: float) -> dict[str, Tensor]:
    """The weights of a `HandModel` whose logits are divided by a temperature."""
    return {
        name: weight / temperature if name.startswith(_LAST_LAYER) else weight for name, weight in weights.items()
    }
