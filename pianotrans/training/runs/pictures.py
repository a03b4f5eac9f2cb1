"""A piano roll as a picture: what was played, and what was heard."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Performance
from pianotrans.piano import LOWEST_KEY, N_KEYS

_PIXELS_PER_S, _PIXELS_PER_KEY = 40, 4
_MISSED, _WRONG, _RIGHT = (220, 60, 40), (40, 110, 220), (60, 60, 60)  # played alone, heard alone, both


def roll_picture(reference: Performance, estimate: Performance, duration_s: float) -> NDArray[np.uint8]:
    """Red: played but not heard; blue: heard but not played; dark: both. (height, width, 3), low keys below."""
    played, heard = (_mask(performance, duration_s) for performance in (reference, estimate))
    picture = np.full((*played.shape, 3), 255, np.uint8)
    for mask, colour in ((played & ~heard, _MISSED), (heard & ~played, _WRONG), (played & heard, _RIGHT)):
        picture[mask] = colour
    return picture


def _mask(performance: Performance, duration_s: float) -> NDArray[np.bool_]:
    """Where notes are, (height, width); every note leaves a gap of a pixel to the key above and the next note."""
    width = max(1, round(duration_s * _PIXELS_PER_S))
    mask = np.zeros((N_KEYS * _PIXELS_PER_KEY, width), np.bool_)
    for note in performance.notes:
        bottom = (LOWEST_KEY + N_KEYS - note.key) * _PIXELS_PER_KEY
        if 0 < bottom <= len(mask):
            first, last = (round(time_s * _PIXELS_PER_S) for time_s in (note.onset_s, note.offset_s))
            mask[bottom - _PIXELS_PER_KEY + 1 : bottom, first : max(last - 1, first + 1)] = True
    return mask
