"""What stands around each note: pitch classes near it, and steps to and from it."""

import numpy as np

from pianotrans.score.beats.notes import Array, Integers

_NEAR, _WIDE = 1.0, 6.0  # quarter notes in which the weight of a note falls to 1/e
_STEPS = (-2, -1, 1, 2)
N_FEATURES = 1 + 2 * len(_STEPS) + 3 * 12


def describe_notes(position: Array, pitch_class: Integers, key: Integers, staff: Integers) -> Array:
    """Features of every note, (n_notes, N_FEATURES).

    `position` (n_notes,) in quarter notes, in any order; `pitch_class` counts from the tonic of the major key.
    First a 1; then which steps lead from the last onset of the staff to the note, and from it to the next;
    then shares of pitch classes struck with it, near it, and in its surroundings.
    """
    features = np.zeros((len(key), N_FEATURES))
    if not len(key):
        return features
    features[:, 0] = 1
    features[:, 1 : 1 + 2 * len(_STEPS)] = _steps(position, key, staff)
    times, onset = np.unique(position, return_inverse=True)
    struck = np.zeros((len(times), 12))
    np.add.at(struck, (onset, pitch_class), 1.0)
    kinds = struck, _smooth(times, struck, _NEAR), _smooth(times, struck, _WIDE)
    shares = [kind / kind.sum(axis=1, keepdims=True) for kind in kinds]
    features[:, 1 + 2 * len(_STEPS) :] = np.concatenate(shares, axis=1)[onset]
    return features


def _smooth(times: Array, struck: Array, width: float) -> Array:
    """Sums over the past and the future, whose weights fall exponentially."""
    decay = np.exp(-np.diff(times) / width)
    past, future = struck.copy(), struck.copy()
    for i, factor in enumerate(decay):
        past[i + 1] += factor * past[i]
    for i in range(len(decay) - 1, -1, -1):
        future[i] += decay[i] * future[i + 1]
    smooth: Array = past + future - struck
    return smooth


def _steps(position: Array, key: Integers, staff: Integers) -> Array:
    """Which steps lead to each note from the staff's last onset, and from it to its next, (n_notes, 8)."""
    steps = np.zeros((len(key), 2 * len(_STEPS)))
    for hand in np.unique(staff).tolist():
        chosen = np.flatnonzero(staff == hand)
        times, onset = np.unique(position[chosen], return_inverse=True)
        struck: list[set[int]] = [set() for _ in range(len(times) + 2)]  # an empty one before and behind
        for i, k in zip(onset.tolist(), key[chosen].tolist(), strict=True):
            struck[i + 1].add(k)
        for note, i, k in zip(chosen.tolist(), onset.tolist(), key[chosen].tolist(), strict=True):
            steps[note] = [k - step in struck[i] for step in _STEPS] + [
                k + step in struck[i + 2] for step in _STEPS
            ]
    return steps
