"""Piano rolls: what colour is where."""

import numpy as np

from pianotrans.events import Note, Performance
from pianotrans.training.runs.pictures import roll_picture

WHITE, RED, BLUE, DARK = (255, 255, 255), (220, 60, 40), (40, 110, 220), (60, 60, 60)


def colour(picture, key, time_s):
    """In the middle of a key's row."""
    return tuple(picture[(108 - key) * 4 + 2, round(time_s * 40)].tolist())


def test_right_missed_and_wrong():
    both, missed, wrong = (Note(1.0, 2.0, key, 64) for key in (21, 60, 108))
    picture = roll_picture(Performance((both, missed)), Performance((both, wrong)), 3.0)
    assert (picture.shape, picture.dtype) == ((88 * 4, 120, 3), np.uint8)
    for key, expected in ((21, DARK), (60, RED), (108, BLUE), (61, WHITE)):
        assert colour(picture, key, 1.5) == expected
        assert colour(picture, key, 0.5) == colour(picture, key, 2.5) == WHITE


def test_repeated_notes_and_neighbours_stay_apart():
    notes = (Note(0.0, 1.0, 60, 64), Note(1.0, 2.0, 60, 64), Note(0.0, 2.0, 61, 64))
    picture = roll_picture(Performance(notes), Performance(notes), 2.0)
    assert tuple(picture[(108 - 60) * 4 + 2, 39]) == WHITE
    assert tuple(picture[(108 - 60) * 4, 10]) == WHITE
    assert colour(picture, 61, 1.0) == DARK


def test_what_does_not_fit_is_left_out():
    """Beyond the end, beyond the keyboard, and shorter than a pixel, which is still seen."""
    notes = (Note(0.5, 9.0, 60, 64), Note(5.0, 6.0, 61, 64), Note(0.1, 0.2, 20, 64), Note(0.1, 0.2, 109, 64))
    picture = roll_picture(Performance((*notes, Note(0.2, 0.201, 30, 64))), Performance(), 1.0)
    assert picture.shape[1] == 40
    assert colour(picture, 60, 0.9) == colour(picture, 30, 0.2) == RED
    assert (picture != 255).any(axis=(1, 2)).sum() == 2 * 3
    assert roll_picture(Performance(), Performance(), 0.0).shape == (88 * 4, 1, 3)
