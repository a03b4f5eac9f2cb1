"""Harmonic tension: how far notes lie apart on a spiral of fifths, in windows over time.

Herremans & Chew, "Tension ribbons" (TENOR 2016); the spiral array is Chew's (2000). Constants, windows and the key
are those of `partitura`, which `mpteval` calls: its spiral rises more steeply than Chew's, and in minor the strain
is measured from the key on the tonic of the relative major.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats

_WINDOW_S, _STEP_S = 5.0, 1.0
_RISE = np.sqrt(2 / 15) * (np.pi / 2) ** 2  # of the spiral, for each fifth
_WEIGHTS = np.array([0.516, 0.315, 0.168]) / (0.516 + 0.315 + 0.168)  # of a chord's notes, and a key's chords
_OTHER_MODE = 0.25  # how much of a minor key's V is minor, and of its IV major

_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
"""How well each pitch class above the tonic fits: Krumhansl & Kessler (1982)."""

_LETTERS = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6])  # of a chroma above a tonic: 0 is the tonic's own letter
_FIRST_LETTERS = np.array([0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 6])  # A is 0, for chroma that count from A
_CHROMA_OF_LETTER = np.array([0, 2, 3, 5, 7, 8, 10])  # A to G
_FIFTHS_OF_LETTER = np.array([3, 5, 0, 2, 4, -1, 1])
_BEFORE, _BEHIND = 10, 40  # notes around each one that its spelling goes by


@dataclass(frozen=True, slots=True, eq=False)
class Tension:
    """Three curves of shape (n,), a value for every second from the first onset on.

    `diameter` is the largest distance of two notes in a window, `momentum` how far their centre has moved since the
    window before, `strain` its distance from the key's centre.
    """

    times_s: Floats
    diameter: Floats
    momentum: Floats
    strain: Floats


def find_tension(notes: EventTable) -> Tension:
    """The tension of at least one note; `notes` are in order of onset. Cost: some 50 µs for each second."""
    places = spell_by_context(notes.keys)
    key_centre = _key_centre(*_find_key(notes))
    times_s = np.arange(notes.onsets_s.min(), notes.offsets_s.max() + _STEP_S / 2, _STEP_S)
    curves = np.zeros((len(times_s), 3))
    scale = 1 / np.linalg.norm(_place(np.array(12)) - _place(np.array(0)))  # a comma is 1
    centre_before: Floats | None = None
    for i in _near_notes(notes, times_s):
        time_s = times_s[i]
        begin_s, end_s = time_s - _WINDOW_S / 2, time_s + _WINDOW_S / 2
        is_inside = (notes.onsets_s >= begin_s) & (notes.offsets_s <= end_s)
        is_inside |= (notes.onsets_s <= end_s) & (notes.offsets_s >= end_s)
        lengths_s = np.minimum(end_s, notes.offsets_s[is_inside]) - np.maximum(begin_s, notes.onsets_s[is_inside])
        if lengths_s.sum() == 0:
            curves[i, 0] = _diameter(places[is_inside])
            continue
        centre = lengths_s @ _place(places[is_inside]) / lengths_s.sum()
        moved = 0.0 if centre_before is None else np.linalg.norm(centre - centre_before)
        curves[i] = _diameter(places[is_inside]), moved, np.linalg.norm(centre - key_centre)
        centre_before = centre
    return Tension(times_s, *(scale * curves).T)


def _near_notes(notes: EventTable, times_s: Floats) -> list[int]:
    """The windows that any note may be in: a long silence costs nothing."""
    first = np.floor((notes.onsets_s - _WINDOW_S / 2 - times_s[0]) / _STEP_S).astype(int)
    after = np.ceil((notes.offsets_s + _WINDOW_S / 2 - times_s[0]) / _STEP_S).astype(int) + 1
    changes = np.zeros(len(times_s) + 1, int)
    np.add.at(changes, np.clip(first, 0, len(times_s)), 1)
    np.add.at(changes, np.clip(after, 0, len(times_s)), -1)
    return np.flatnonzero(np.cumsum(changes[:-1]) > 0).tolist()


def spell_by_context(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of each note on the line of fifths, C being 0; `keys` are MIDI numbers in order of time.

    Each of the twelve tonics says a letter for the note; the letter that most notes around it stand behind, as
    tonics, is taken. This is stage 1 of the algorithm ps13 of Meredith, "The ps13 Pitch Spelling Algorithm"
    (Journal of New Music Research, 2006).
    """
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    chroma = (keys - 21) % 12
    tonics = np.arange(12)
    letter_of_tonic = _FIRST_LETTERS[chroma[0]] - _LETTERS[(chroma[0] - tonics) % 12]
    letters = (_LETTERS[(chroma[:, None] - tonics) % 12] + letter_of_tonic) % 7  # (n, 12)

    rows = np.arange(len(keys))
    counts = np.concatenate([np.zeros((1, 12), int), np.cumsum(chroma[:, None] == tonics, axis=0)])
    around = counts[np.minimum(rows + _BEHIND, len(keys))] - counts[np.maximum(rows - _BEFORE, 0)]
    votes = np.zeros((len(keys), 7), int)
    np.add.at(votes, (rows[:, None], letters), around)
    letter = votes.argmax(axis=1)
    alteration = (chroma - _CHROMA_OF_LETTER[letter] + 6) % 12 - 6
    return np.asarray(_FIFTHS_OF_LETTER[letter] + 7 * alteration)


def _find_key(notes: EventTable) -> tuple[int, bool]:
    """(fifths of the signature, whether it is minor): Krumhansl & Schmuckler's best correlation with a profile."""
    heard_s = np.bincount(notes.keys % 12, notes.offsets_s - notes.onsets_s, minlength=12)
    if np.ptp(heard_s) == 0:
        return 0, False
    profiles = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    best = int(np.argmax([np.corrcoef(heard_s, profile)[0, 1] for profile in profiles]))
    is_minor, tonic = best >= 12, best % 12
    return (7 * (tonic + 3 * is_minor) + 5) % 12 - 5, is_minor


def _key_centre(fifths: int, is_minor: bool) -> Floats:
    """The centre of a key: of its I, V and IV, each the centre of its root, fifth and third."""

    def chord(root: int, third: int) -> Floats:
        return np.asarray(_WEIGHTS @ _place(np.array([root, root + 1, root + third])))

    def mixed(root: int, third: int, other: int) -> Floats:
        return (1 - _OTHER_MODE) * chord(root, third) + _OTHER_MODE * chord(root, other)

    if not is_minor:
        return np.asarray(_WEIGHTS @ np.array([chord(fifths + by, 4) for by in (0, 1, -1)]))
    chords = [chord(fifths, -3), mixed(fifths + 1, 4, -3), mixed(fifths - 1, -3, 4)]
    return np.asarray(_WEIGHTS @ np.array(chords))


def _place(fifths: NDArray[np.int64]) -> Floats:
    """Where places on the line of fifths lie on the spiral, (..., 3)."""
    angle = fifths * np.pi / 2
    return np.stack([np.sin(angle), np.cos(angle), _RISE * fifths], axis=-1)


def _diameter(places: NDArray[np.int64]) -> float:
    points = _place(np.unique(places))
    return float(np.linalg.norm(points[:, None] - points, axis=-1).max(initial=0.0))
