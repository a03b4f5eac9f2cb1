"""How each note is spelled, from the key signature, the notes around it, and the steps to and from it.

On the line of fifths a pitch class has two places that come into question, twelve fifths apart: C sharp or D flat.
For each pitch class above the tonic, logistic regression on (n)ASAP says which of them it is. All is counted from
the key signature, so transposing notes and signatures transposes the spellings.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.spelling.context import describe_notes

LOWEST = -7
"""The flattest place that is used, in fifths from the tonic of the signature's major key; C flat in C major."""

_WEIGHTS = Path(__file__).with_name("weights.csv")
_FLATTEST, _SHARPEST = -15, 19  # F double flat, B double sharp


def spell(
    key: Integers,
    position: Sequence[Fraction],
    staff: Integers,
    bar_of_note: Integers,
    keys: Sequence[KeySignature],
) -> tuple[Spelling, ...]:
    """The spelling of each note.

    `key` (n_notes,) are MIDI numbers, `position` (n_notes,) quarter notes in any order, `staff` (n_notes,) hands,
    `bar_of_note` (n_notes,) the bars from 0, and `keys` the signature of each bar. Cost: 10 µs a note.
    """
    if not len(key):
        return ()
    tonic = np.array([signature.fifths for signature in keys], dtype=np.int64)[bar_of_note]
    pitch_class = (key - 7 * tonic) % 12
    features = describe_notes(np.array(position, dtype=float), pitch_class, key, staff)
    fifths = tonic + choose_places(pitch_class, features, load_weights())
    fifths = np.where(fifths > _SHARPEST, fifths - 12, np.where(fifths < _FLATTEST, fifths + 12, fifths))
    return tuple(Spelling.of(k, place) for k, place in zip(key.tolist(), fifths.tolist(), strict=True))


def choose_places(pitch_class: Integers, features: Array, weights: Array) -> Integers:
    """Places on the line of fifths from the tonic; the upper of two where the weighted features are positive."""
    is_upper = np.einsum("nf,nf->n", features, weights[pitch_class]) > 0
    places: Integers = (7 * pitch_class - LOWEST) % 12 + LOWEST + 12 * is_upper
    return places


def load_weights() -> Array:
    """The learned weights, (12, n_features)."""
    return np.loadtxt(_WEIGHTS, delimiter=",")
