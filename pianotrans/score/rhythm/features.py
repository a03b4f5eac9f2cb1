"""What can be seen of a note without beats: how near the other notes of its hand are, in time and in pitch."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers, NoteTable

_GAPS_S = np.array([0.005, 0.012, 0.02, 0.03, 0.045, 0.06, 0.08, 0.1, 0.13, 0.17, 0.22, 0.3, 0.5])
_COARSE_GAPS_S = _GAPS_S[[2, 4, 6, 8, 10]]
_TRILL_GAPS_S = np.array([0.06, 0.08, 0.1, 0.13, 0.17, 0.25])
_GAPS_BEATS = np.array([0.02, 0.04, 0.06, 0.09, 0.13, 0.2, 0.3])
_LENGTHS_S = np.array([0.05, 0.08, 0.12, 0.2, 0.4])
_RUNS = np.array([1, 4, 5, 6, 8, 12])
_FAR_S, _FAR_KEYS = 9.0, 99  # of a note that does not exist
_QUICK_S, _ALTERNATING_S = 0.3, 0.35
_STEP_KEYS, _OCTAVES_KEYS = 2, 24


def note_features(notes: NoteTable, period_s: Array) -> Array:
    """(n_notes, n_features) zeros, ones and few other numbers of the notes of one hand, in order of time.

    `period_s` (n_notes,) is the length of the beat at each note.
    """
    n_notes = len(notes.key)
    gap_before = np.diff(notes.onset_s, prepend=-_FAR_S) if n_notes else np.empty(0)
    if n_notes:
        gap_before[0] = _FAR_S
    gap_after = np.append(gap_before[1:], _FAR_S)[:n_notes]
    key = notes.key
    step_before = np.concatenate([[_FAR_KEYS], np.diff(key)])[:n_notes]
    step_after = np.append(step_before[1:], _FAR_KEYS)[:n_notes]
    gaps, next_gaps = np.searchsorted(_COARSE_GAPS_S, gap_before), np.searchsorted(_COARSE_GAPS_S, gap_after)
    is_line = (step_before > 0) & (step_after > 0) | (step_before < 0) & (step_after < 0)
    columns = [
        _one_hot(np.searchsorted(_GAPS_S, gap_before), 14),
        _one_hot(np.searchsorted(_GAPS_S, gap_after), 14),
        _one_hot(_interval(step_before), 5),
        _one_hot(_interval(step_after), 5),
        _one_hot(gaps * 5 + _interval(step_before), 30),
        _one_hot(next_gaps * 5 + _interval(step_after), 30),
        _one_hot(gaps * 6 + next_gaps, 36),
        *_alternation(notes.onset_s, key, step_before, step_after, gap_after),
        np.clip((notes.velocity - _shifted(notes.velocity, 1, 64))[:, None] / 20, -2, 2),
        np.clip((notes.velocity - _shifted(notes.velocity, -1, 64))[:, None] / 20, -2, 2),
        _one_hot(np.searchsorted(_LENGTHS_S, notes.offset_s - notes.onset_s), 6),
        _one_hot(np.searchsorted(_GAPS_BEATS, gap_before / period_s), 8),
        _one_hot(np.searchsorted(_GAPS_BEATS, gap_after / period_s), 8),
        (is_line & (gap_before < 0.1) & (gap_after < 0.1))[:, None],
        (is_line & (gap_before < 0.1))[:, None],
        np.ones((n_notes, 1)),
    ]
    return np.concatenate(columns, axis=1)


def _alternation(
    onset_s: Array, key: Integers, step_before: Integers, step_after: Integers, gap_after: Array
) -> list[Array]:
    """Whether a note is one of two that alternate quickly, as in a trill, and for how long they do."""
    wait_s = _shifted(onset_s, 2, np.inf) - onset_s
    returns = _shifted(key, 2, -1) == key
    again, before = returns & (wait_s < _QUICK_S), _shifted(returns & (wait_s < _QUICK_S), -2, 0) > 0
    alternates = returns & (wait_s < _ALTERNATING_S) & (step_after != 0) & (abs(step_after) <= _OCTAVES_KEYS)
    run, place = _runs(alternates)
    step = np.where(alternates, step_after, step_before)
    is_trill = abs(step) <= _STEP_KEYS
    length = np.searchsorted(_RUNS, run)
    speed = 1 + np.searchsorted(_TRILL_GAPS_S, gap_after)
    return [
        np.stack([again, before, again & before], axis=1).astype(float),
        _one_hot(np.where(is_trill, length, 0) + 7 * np.minimum(place, 1), 14),
        _one_hot(np.where(is_trill, 0, length), 7),
        _one_hot(np.where(is_trill & (run >= 5), speed, 0), 8),
    ]


def _runs(alternates: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """For each note the length of its run of alternating notes, and its place in it; 0 outside runs."""
    n_notes = len(alternates)
    run, place = np.zeros(n_notes, dtype=np.int64), np.zeros(n_notes, dtype=np.int64)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], alternates.astype(np.int64), [0]])))
    for start, end in edges.reshape(-1, 2).tolist():
        beyond = min(end + 2, n_notes)
        run[start:beyond] = np.maximum(run[start:beyond], end - start + 2)
        place[start:beyond] = np.arange(beyond - start)
    return run, place


def _interval(step: Integers) -> Integers:
    """0 the same key, 1 a step, 2 a third, 3 less than an octave, 4 more."""
    return np.searchsorted([0, 2, 4, 11], np.abs(step))


def _one_hot(index: Integers, n: int) -> Array:
    return np.eye(n)[index]


def _shifted(values: Array | Integers | NDArray[np.bool_], by: int, fill: float) -> Array:
    """The value `by` notes later at each note, `fill` where there is none."""
    moved = np.full(len(values), fill, dtype=float)
    if by > 0:
        moved[: max(len(values) - by, 0)] = values[by:]
    else:
        moved[-by:] = values[:by]
    return moved
