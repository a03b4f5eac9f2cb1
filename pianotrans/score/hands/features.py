"""What the network sees of a note: where its key lies, which keys are struck and held around it, and its timing."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.score.beats.notes import Array, Integers, NoteTable, find_moments
from pianotrans.score.smoothing import moving_mean

Features = NDArray[np.float32]

_PLACE_STEP = 4  # semitones between the places of the keyboard that a key lies near
_N_PLACES = (HIGHEST_KEY - LOWEST_KEY) // _PLACE_STEP + 2
_WIDEST = 30  # semitones; the outermost interval also stands for all wider ones
_N_INTERVALS = 2 * _WIDEST + 1
_N_ROLLS = 4
_N_LAGS = 32  # notes on either side that a note is compared with
_AROUND_S = 0.4  # notes before and after count by exp(-distance / this)
_REACHES = (4, 16, 64)  # notes on either side whose mean key a key is compared with
_N_NUMBERS = 16 + 2 * len(_REACHES)
N_FEATURES = _N_PLACES + _N_ROLLS * _N_INTERVALS + _N_NUMBERS


def compute_features(notes: NoteTable) -> Features:
    """The features of every note, (n_notes, N_FEATURES); none knows the pedal. Cost: 0.1 s for 10 000 notes."""
    features = np.zeros((len(notes.key), N_FEATURES), dtype=np.float32)
    if len(notes.key):
        onset = find_moments(notes.onset_s).of_note
        _, onset = np.unique(onset, return_inverse=True)
        features[:, :_N_PLACES] = _places(notes.key)
        features[:, _N_PLACES:-_N_NUMBERS] = _rolls(notes, onset)
        features[:, -_N_NUMBERS:] = _numbers(notes, onset)
    return features


def _places(key: Integers) -> Array:
    """Shares of the two places of the keyboard beside each key, (n_notes, _N_PLACES)."""
    position = np.clip((key - LOWEST_KEY) / _PLACE_STEP, 0, _N_PLACES - 2)
    low = position.astype(np.int64)
    places = np.zeros((len(key), _N_PLACES))
    rows = np.arange(len(key))
    places[rows, low] = 1 - (position - low)
    places[rows, low + 1] = position - low
    return places


def _rolls(notes: NoteTable, onset: Integers) -> Array:
    """Which intervals away other notes are, (n_notes, 4 · _N_INTERVALS).

    Those struck together with the note, those struck before and still held, and those struck before and after,
    which count the more the nearer they are.
    """
    n = len(notes.key)
    early, late = (x.ravel() for x in np.broadcast_arrays(np.arange(n)[:, None], _after(n)))
    early, late = early[late < n], late[late < n]
    interval = np.clip(notes.key[late] - notes.key[early], -_WIDEST, _WIDEST)
    nearness = np.exp((notes.onset_s[early] - notes.onset_s[late]) / _AROUND_S)
    is_together = onset[early] == onset[late]
    is_held = notes.offset_s[early] > notes.onset_s[late] + 0.02
    together, held, before, after = range(_N_ROLLS)
    parts = [
        (together, early, interval, is_together),
        (together, late, -interval, is_together),
        (held, late, -interval, ~is_together & is_held),
        (before, late, -interval, nearness * ~is_together),
        (after, early, interval, nearness * ~is_together),
    ]
    cell = [(note * _N_ROLLS + roll) * _N_INTERVALS + _WIDEST + away for roll, note, away, _ in parts]
    weight = np.concatenate([weight for *_, weight in parts])
    rolls = np.bincount(np.concatenate(cell), weight, minlength=n * _N_ROLLS * _N_INTERVALS)
    return np.minimum(rolls, 2).reshape(n, _N_ROLLS * _N_INTERVALS)


def _after(n: int) -> Integers:
    """The notes that each note is compared with, (n, _N_LAGS): those after it, also beyond the last."""
    return np.arange(n)[:, None] + np.arange(1, _N_LAGS + 1)


def _numbers(notes: NoteTable, onset: Integers) -> Array:
    """Numbers about each note and the onset that it belongs to, (n_notes, _N_NUMBERS)."""
    key, n = notes.key.astype(float), len(notes.key)
    size = np.bincount(onset)
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    lowest, highest = np.minimum.reduceat(key, starts)[onset], np.maximum.reduceat(key, starts)[onset]
    rank = np.empty(n)
    rank[np.lexsort((key, onset))] = np.arange(n) - starts[onset]
    onset_s = np.add.reduceat(notes.onset_s, starts) / size
    gap = np.log(np.clip(np.diff(onset_s), 0.03, 4))
    before, after = np.append(np.log(4.0), gap)[onset], np.append(gap, np.log(4.0))[onset]
    log_duration = np.log(np.clip(notes.offset_s - notes.onset_s, 0.02, 10))
    loudness = notes.velocity / 127
    columns = [
        (key - 64) / 24,
        size[onset] / 4,
        rank / 4,
        (size[onset] - 1 - rank) / 4,
        (key - lowest) / 12,
        (highest - key) / 12,
        before,
        after,
        log_duration,
        log_duration - after,
        log_duration - _chord_mean(log_duration, onset, starts, size),
        2 * loudness - 1,
        4 * (loudness - moving_mean(loudness, 16)),
        4 * (loudness - _chord_mean(loudness, onset, starts, size)),
        (notes.onset_s - onset_s[onset]) / 0.03,
        (rank + 0.5) / size[onset] - 0.5,
    ]
    for reach in _REACHES:
        mean = moving_mean(key, reach)
        spread = np.sqrt(np.maximum(moving_mean(key**2, reach) - mean**2, 1))
        columns += [(key - mean) / 12, (key - mean) / spread]
    return np.stack(columns, axis=1)


def _chord_mean(values: Array, onset: Integers, starts: Integers, size: Integers) -> Array:
    """The mean over the notes struck together with each note."""
    mean: Array = (np.add.reduceat(values, starts) / size)[onset]
    return mean
