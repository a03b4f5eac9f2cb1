"""From what the meter network says of beats to log potentials of their places in bars."""

import numpy as np
import torch

from pianotrans.score.beats.lattice import BarStates
from pianotrans.score.beats.notes import Array
from pianotrans.score.meter.network import PLACES, MeterLogits

_PLACE_WEIGHT = 0.1  # all beats say much the same; chosen on the split validation, where 0.05 to 1 do as well


def place_potentials(says: MeterLogits, bars: BarStates) -> Array:
    """How well each state suits each beat, (n_beats, n_states).

    Bars that the network has no places for are known by their downbeats alone.
    """
    log_place = _PLACE_WEIGHT * torch.log_softmax(says.place.double(), dim=-1).numpy()
    log_is = torch.nn.functional.logsigmoid(says.downbeat.double()).numpy()
    log_is_not = torch.nn.functional.logsigmoid(-says.downbeat.double()).numpy()
    columns = [
        log_place[:, PLACES.index((meter, position))]
        if (meter, position) in PLACES
        else _PLACE_WEIGHT * (log_is_not if position else log_is)
        for meter, position in zip(bars.meter.tolist(), bars.position.tolist(), strict=True)
    ]
    potentials: Array = np.stack(columns, axis=1)
    return potentials
