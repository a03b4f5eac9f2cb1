"""What the network sees of an onset: its keys, numbers about its notes and the pedal, and the rhythm around it."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY
from pianotrans.score.beats.notes import Array, Integers, Moments, NoteTable
from pianotrans.score.beats.periods import N_PERIODS, bin_shares

Features = NDArray[np.float32]

N_KEYS = HIGHEST_KEY - LOWEST_KEY + 1
N_PITCH_CLASSES = 12
_N_OF_ONSETS = 20
_N_OF_MOMENTS = 9
N_FEATURES = N_KEYS + N_PITCH_CLASSES + _N_OF_ONSETS + _N_OF_MOMENTS + 2 * N_PERIODS

_NEIGHBOURS = 16  # onsets on either side that an onset is compared with
_RHYTHM_S = 6.0  # the rhythm around an onset: this far on either side
_N_LAGS = 64  # onsets ahead that an interval may span


def compute_features(notes: NoteTable, moments: Moments) -> Features:
    """The features of every moment, (n_moments, N_FEATURES). Cost: 30 ms for a thousand notes."""
    features = np.zeros((moments.n_moments, N_FEATURES), dtype=np.float32)
    if moments.n_moments == 0:
        return features
    onsets_s = moments.time_s[moments.is_onset]
    onset_of_note = (np.cumsum(moments.is_onset) - 1)[moments.of_note]
    of_onsets = _of_onsets(notes, onsets_s, onset_of_note)
    accent = np.exp(of_onsets[:, 4]) * (0.3 + np.clip(of_onsets[:, 7] + 2, 0, 4))
    rhythm = _rhythm(onsets_s, np.stack([np.ones(len(onsets_s)), accent]))
    last_onset = np.maximum(np.cumsum(moments.is_onset) - 1, 0)
    features[:, :N_KEYS] = _keys(notes, moments)
    features[:, N_KEYS : N_KEYS + N_PITCH_CLASSES] = _sounding(notes, moments)
    numbers = features[:, N_KEYS + N_PITCH_CLASSES : -2 * N_PERIODS]
    numbers[:, -_N_OF_MOMENTS:] = _of_moments(notes, moments, onsets_s)
    numbers[moments.is_onset, :-_N_OF_MOMENTS] = of_onsets
    features[:, -2 * N_PERIODS :] = rhythm[last_onset]
    return features


def _keys(notes: NoteTable, moments: Moments) -> Array:
    """How strongly each key is struck, 0.5 … 1, or 0."""
    keys = np.zeros((moments.n_moments, N_KEYS))
    column = np.clip(notes.key - LOWEST_KEY, 0, N_KEYS - 1)
    np.maximum.at(keys, (moments.of_note, column), 0.5 + notes.velocity / 254)
    return keys


def _sounding(notes: NoteTable, moments: Moments) -> Array:
    """Which pitch classes are held by a key at each moment, struck there or before; 0 or 1."""
    changes = np.zeros((moments.n_moments + 1, N_PITCH_CLASSES))
    ends = np.maximum(np.searchsorted(moments.time_s, notes.offset_s - 0.02), moments.of_note + 1)
    np.add.at(changes, (moments.of_note, notes.key % 12), 1)
    np.add.at(changes, (ends, notes.key % 12), -1)
    return (np.cumsum(changes, axis=0)[:-1] > 0).astype(float)


def _of_onsets(notes: NoteTable, onsets_s: Array, of_note: Integers) -> Array:
    """Numbers about the notes of each onset and the onsets beside it, (n_onsets, _N_OF_ONSETS)."""
    n_notes = np.bincount(of_note, minlength=len(onsets_s))
    starts = np.concatenate([[0], np.cumsum(n_notes)[:-1]])
    lowest, highest = np.minimum.reduceat(notes.key, starts), np.maximum.reduceat(notes.key, starts)
    loudest = np.maximum.reduceat(notes.velocity, starts) / 127
    log_duration = np.log(np.clip(notes.offset_s - notes.onset_s, 0.02, 10))
    longest = np.maximum.reduceat(log_duration, starts)
    low_duration = np.maximum.reduceat(np.where(notes.key == lowest[of_note], log_duration, -5.0), starts)
    spread_s = np.maximum.reduceat(notes.onset_s, starts) - np.minimum.reduceat(notes.onset_s, starts)
    before, after = _gaps(onsets_s, 1)
    usual_gap = _moving_mean(before)
    columns = [
        n_notes / 4,
        lowest / 44 - 1.5,
        highest / 44 - 1.5,
        (highest - lowest) / 24,
        4 * (loudest - _moving_mean(loudest)),
        2 * loudest - 1,
        longest,
        low_duration,
        np.minimum.reduceat(log_duration, starts),
        longest - after,
        before,
        after,
        *_gaps(onsets_s, 2),
        before - usual_gap,
        after - usual_gap,
        (lowest - _moving_mean(lowest.astype(float))) / 12,
        (highest - _moving_mean(highest.astype(float))) / 12,
        n_notes / np.maximum(_moving_mean(n_notes.astype(float)), 0.1) - 1,
        spread_s / 0.03,
    ]
    return np.stack(columns, axis=1)


def _gaps(time_s: Array, step: int) -> tuple[Array, Array]:
    """Log seconds to the onset `step` before and after; 4 s beyond the ends."""
    gap = np.log(np.clip(time_s[step:] - time_s[:-step], 0.03, 4)) if len(time_s) > step else np.zeros(0)
    edge = np.full(min(step, len(time_s)), np.log(4.0))
    return np.concatenate([edge, gap]), np.concatenate([gap, edge])


def _moving_mean(values: Array) -> Array:
    """The mean over an onset and its neighbours on either side."""
    n = len(values)
    total = np.concatenate([[0.0], np.cumsum(values)])
    low, high = np.maximum(np.arange(n) - _NEIGHBOURS, 0), np.minimum(np.arange(n) + _NEIGHBOURS + 1, n)
    mean: Array = (total[high] - total[low]) / (high - low)
    return mean


def _of_moments(notes: NoteTable, moments: Moments, onsets_s: Array) -> Array:
    """What silent moments have, too, (n_moments, _N_OF_MOMENTS): distance to the onsets around, and the pedal."""
    since, until = _nearness(onsets_s, moments.time_s)
    return np.stack([moments.is_onset, since, until, *_pedal(notes.pedals_s, moments.time_s)], axis=1)


def _pedal(pedals_s: Array | None, time_s: Array) -> list[Array]:
    """Whether the pedal is known and down; how lately and how soon it is pressed and lifted, 0 … 1."""
    n = len(time_s)
    if pedals_s is None:
        return [np.zeros(n)] * 6
    return [
        np.ones(n),
        (np.searchsorted(pedals_s[:, 0], time_s) > np.searchsorted(pedals_s[:, 1], time_s)).astype(float),
        *_nearness(pedals_s[:, 0], time_s),
        *_nearness(pedals_s[:, 1], time_s),
    ]


def _nearness(changes_s: Array, time_s: Array) -> tuple[Array, Array]:
    """exp(-seconds / 0.3) since the change before each time and until the one at or after it."""
    padded = np.concatenate([[-np.inf], changes_s, [np.inf]])
    i = np.searchsorted(changes_s, time_s)
    return np.exp((padded[i] - time_s) / 0.3), np.exp((time_s - padded[i + 1]) / 0.3)


def _rhythm(time_s: Array, weights: Array) -> Array:
    """Which intervals between onsets are common around each onset, (n_onsets, n_weights · N_PERIODS).

    Autocorrelations of the onsets over `_RHYTHM_S` seconds on either side, one for each row of `weights`
    (n_weights, n_onsets), their lags in the bins of `periods`.
    """
    n = len(time_s)
    counts = np.zeros((len(weights), n + 1, N_PERIODS))
    for lag in range(1, min(_N_LAGS, n - 1) + 1):
        shares = bin_shares(time_s[lag:] - time_s[:-lag])
        amounts = np.sqrt(weights[:, lag:] * weights[:, :-lag])
        for column, share in shares:
            counts[:, np.arange(1, n - lag + 1), column] += share * amounts
    total = np.cumsum(counts, axis=1)
    low, high = np.searchsorted(time_s, time_s - _RHYTHM_S), np.searchsorted(time_s, time_s + _RHYTHM_S)
    around = total[:, high] - total[:, low]
    shares = np.sqrt(around / np.maximum(around.mean(axis=2, keepdims=True), 1e-9))
    return np.concatenate(list(shares), axis=1)
