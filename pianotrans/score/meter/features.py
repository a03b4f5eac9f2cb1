"""What the meter network sees of a beat: the rhythm, harmony and accents between it and the next beat.

Axes: n beats, each divided into `N_SLOTS` parts.
"""

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers, NoteTable
from pianotrans.score.smoothing import moving_mean

N_SLOTS = 12  # parts of a beat in which onsets are counted
_BASS_KEY = 55  # notes below it can be a bass
_N_LAGS = 16  # beats before, that a beat is compared with
_AROUND = 12  # beats on either side over which a comparison is averaged
_AT_BEAT = 0.09  # an onset this near a beat, in beats, is on it
_N_RHYTHMS = 4
_N_NUMBERS = 17
N_FEATURES = _N_RHYTHMS * N_SLOTS + 5 * 12 + _N_NUMBERS + 4 * _N_LAGS

Features = NDArray[np.float32]


def compute_features(notes: NoteTable, beats_s: Array) -> Features:
    """The features of every beat, (n_beats, N_FEATURES); `beats_s` (n_beats,) is strictly increasing.

    Cost: 10 ms for a thousand beats.
    """
    n = len(beats_s)
    if n < 2 or not len(notes.key):
        return np.zeros((n, N_FEATURES), dtype=np.float32)
    onset, offset = in_beats(notes.onset_s, beats_s), in_beats(notes.offset_s, beats_s)
    inside = (onset > -0.5) & (onset < n)
    onset, offset = onset[inside], offset[inside]
    key, velocity = notes.key[inside], notes.velocity[inside] / 127
    rhythm = _rhythms(onset, offset, key, velocity, n)
    halves = _chroma(onset, key, 0.3 + velocity, n, 2)
    bass = _bass(onset, key, n)
    lasting = _chroma(onset, key, np.log1p(np.clip(offset - onset, 0, 16)), n, 1)
    held = _held(onset, offset, key, n)
    numbers = _numbers(notes, beats_s, onset, offset, key, velocity)
    harmony = np.concatenate([halves, bass], axis=1)
    alike = [
        _likeness(rhythm),
        _likeness(harmony),
        _likeness(lasting),
        _likeness(rhythm[:, :N_SLOTS] - rhythm[:, :N_SLOTS].mean(axis=0)),
    ]
    return np.concatenate([rhythm, halves, bass, lasting, held, numbers, *alike], axis=1).astype(np.float32)


def in_beats(time_s: Array, beats_s: Array) -> Array:
    """Times counted in beats from the first one; beyond both ends the beats go on as they are there."""
    number = np.interp(time_s, beats_s, np.arange(len(beats_s)))
    before = (time_s - beats_s[0]) / (beats_s[1] - beats_s[0])
    after = (time_s - beats_s[-1]) / (beats_s[-1] - beats_s[-2]) + len(beats_s) - 1
    counted: Array = np.where(time_s < beats_s[0], before, np.where(time_s > beats_s[-1], after, number))
    return counted


def _rhythms(onset: Array, offset: Array, key: Integers, velocity: Array, n: int) -> Array:
    """Onsets of notes, low notes, long notes and loud notes in the parts of each beat, (n, 4 · N_SLOTS)."""
    loud = np.clip(velocity - moving_mean(velocity, 24), 0, None) * 4
    weights = (
        np.ones(len(key)),
        np.clip((_BASS_KEY - key) / 12, 0, 1.5),
        np.log1p(np.clip(offset - onset, 0, 16)),
        loud,
    )
    columns = []
    for weight in weights:
        slots = _spread(onset * N_SLOTS, weight, n * N_SLOTS).reshape(n, N_SLOTS)
        columns.append(np.log1p(slots))
    return np.concatenate(columns, axis=1)


def _spread(position: Array, weight: Array, size: int) -> Array:
    """Sums of weights at whole numbers 0 … size - 1; what lies between two of them is shared."""
    low = np.floor(position).astype(np.int64)
    upper = position - low
    total = np.zeros(size + 2)
    for index, share in ((low, 1 - upper), (low + 1, upper)):
        np.add.at(total, np.clip(index, -1, size) + 1, weight * share)
    return total[1:-1]


def _chroma(onset: Array, key: Integers, weight: Array, n: int, parts: int) -> Array:
    """Pitch classes struck in each of the parts of every beat, (n, parts · 12); each part has length 1 or 0."""
    row = np.floor((onset + _AT_BEAT) * parts).astype(np.int64)
    chroma = np.zeros((n * parts, 12))
    inside = (row >= 0) & (row < n * parts)
    np.add.at(chroma, (row[inside], key[inside] % 12), weight[inside])
    chroma /= np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), 1e-6)
    return chroma.reshape(n, parts * 12)


def _bass(onset: Array, key: Integers, n: int) -> Array:
    """The pitch class of the lowest note struck at each beat or before the next, (n, 12)."""
    row = np.floor(onset + _AT_BEAT).astype(np.int64)
    inside = (row >= 0) & (row < n)
    lowest = np.full(n, 128)
    np.minimum.at(lowest, row[inside], key[inside])
    there = np.flatnonzero(lowest < 128)
    bass = np.zeros((n, 12))
    bass[there, lowest[there] % 12] = np.where(lowest[there] < _BASS_KEY + 5, 1.0, 0.4)
    return bass


def _held(onset: Array, offset: Array, key: Integers, n: int) -> Array:
    """Pitch classes that were struck before each beat and last beyond it, (n, 12)."""
    first = np.ceil(onset + _AT_BEAT).astype(np.int64)
    last = np.floor(offset - 0.15).astype(np.int64)
    changes = np.zeros((n + 1, 12))
    lasts = (last >= first) & (first < n)
    np.add.at(changes, (np.clip(first[lasts], 0, n), key[lasts] % 12), 1)
    np.add.at(changes, (np.clip(last[lasts] + 1, 0, n), key[lasts] % 12), -1)
    held: Array = (np.cumsum(changes, axis=0)[:-1] > 0.5).astype(float)
    return held


def _numbers(
    notes: NoteTable, beats_s: Array, onset: Array, offset: Array, key: Integers, velocity: Array
) -> Array:
    """Numbers about the notes at each beat, its length and the pedal, (n, _N_NUMBERS)."""
    n = len(beats_s)
    nearest = np.round(onset).astype(np.int64)
    at = (np.abs(onset - nearest) < _AT_BEAT) & (nearest >= 0) & (nearest < n)
    row, here = nearest[at], key[at]
    count = np.bincount(row, minlength=n).astype(float)
    lowest, highest, loudest, longest = np.full(n, 108.0), np.full(n, 21.0), np.zeros(n), np.zeros(n)
    np.minimum.at(lowest, row, here)
    np.maximum.at(highest, row, here)
    np.maximum.at(loudest, row, velocity[at])
    np.maximum.at(longest, row, np.clip(offset - onset, 0, 16)[at])
    struck = count > 0
    lowest, highest = np.where(struck, lowest, 64), np.where(struck, highest, 64)
    total = np.bincount(np.clip(np.floor(onset + _AT_BEAT), 0, n - 1).astype(np.int64), minlength=n)
    period_s = np.diff(beats_s, append=2 * beats_s[-1] - beats_s[-2])
    log_period = np.log(np.maximum(period_s, 0.05))
    return np.stack(
        [
            struck,
            np.log1p(count),
            np.log1p(count) - moving_mean(np.log1p(count), 8),
            np.log1p(total),
            (lowest - 48) / 24,
            (highest - 72) / 24,
            (lowest - moving_mean(lowest, 8)) / 12,
            (highest - moving_mean(highest, 8)) / 12,
            4 * (loudest - moving_mean(loudest, 8)) * struck,
            np.log1p(longest),
            np.log1p(longest) - moving_mean(np.log1p(longest), 8),
            log_period,
            log_period - moving_mean(log_period, 8),
            float(np.median(log_period)) * np.ones(n),
            *_pedal(notes.pedals_s, beats_s, period_s),
        ],
        axis=1,
    )


def _pedal(pedals_s: Array | None, beats_s: Array, period_s: Array) -> list[Array]:
    """Whether the pedal is known, and how near to each beat it is pressed and lifted, 0 … 1."""
    if pedals_s is None or not len(pedals_s):
        return [np.full(len(beats_s), float(pedals_s is not None)), *np.zeros((2, len(beats_s)))]
    near = []
    for column in pedals_s.T:
        padded = np.concatenate([[-1e6], np.sort(column), [1e6]])
        i = np.searchsorted(padded, beats_s)
        distance_s = np.minimum(beats_s - padded[i - 1], padded[i] - beats_s)
        near.append(np.exp(-distance_s / (0.15 * np.maximum(period_s, 0.1))))
    return [np.ones(len(beats_s)), *near]


def _likeness(x: Array) -> Array:
    """How like the beats around are to those 1 … _N_LAGS before them, (n, _N_LAGS); 0 is as like as any."""
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-6)
    alike = np.zeros((len(x), _N_LAGS))
    for lag in range(1, min(_N_LAGS, len(x) - 1) + 1):
        alike[lag:, lag - 1] = moving_mean((x[lag:] * x[:-lag]).sum(axis=1), _AROUND)
    likeness: Array = alike - alike.mean(axis=1, keepdims=True)
    return likeness
