"""Swing: two notes of a beat, the first one longer, that are written as equal."""

import numpy as np

from pianotrans.score.beats.notes import Array

_LEAST, _MOST, _USUAL = 0.54, 0.76, 2 / 3  # where the second note falls within the beat


def straighten(beat: Array) -> Array:
    """Stretch every beat so that the usual place of its second note becomes the middle."""
    whole = np.floor(beat)
    inside = beat - whole
    second = inside[(inside > _LEAST) & (inside < _MOST)]
    place = float(np.median(second)) if len(second) else _USUAL
    straight: Array = whole + np.interp(inside, [0, place, 1], [0, 0.5, 1])
    return straight
