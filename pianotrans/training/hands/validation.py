"""How good a hand finder is on performances that it has not learnt from, and how sure it should be."""

from collections.abc import Sequence

import numpy as np
import torch

from pianotrans.score.hands.finding import HandFinder, HandModel
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.training.hands.calibration import fit_temperature
from pianotrans.training.hands.examples import HandSource, cut_hand_source
from pianotrans.training.runs.task import Validation

SHARE, TEMPERATURE = "notes in the correct hand", "temperature"
"""The mean share of notes that are given to the hand that plays them, and what to divide logits by."""


def validate_hands(model: HandModel, sources: Sequence[HandSource], seconds_each: float) -> Validation:
    """Over the first seconds of performances; notes of which no hand is known do not count."""
    finder = HandFinder(model)
    shares, pieces = [], []
    for source in sources:
        part = cut_hand_source(source, 0, int(np.searchsorted(source.notes.onset_s, seconds_each)))
        is_known = part.hand > 0
        if not is_known.any():
            continue
        right = finder.predict(part.notes)
        pieces.append((right, torch.from_numpy(part.hand)))
        found = np.where(right.numpy() >= 0, RIGHT, LEFT)
        shares.append(np.mean((found == part.hand)[is_known]))
    if not pieces:
        return Validation({}, "hands undefined")
    share = float(np.mean(shares))
    return Validation({SHARE: share, TEMPERATURE: fit_temperature(pieces)}, f"hands % {100 * share:.1f}")
