"""The probability of all hands together: a conditional random field along the notes.

Notes are in order of onset and key. A note earns a log potential for the right hand, and one for each of the
N_BACK notes before that the same hand plays. A state is the hands of the last N_BACK notes, as the bits of a
number; the lowest bit is the last note, and 1 is the right hand.

Axes: B pieces, M notes, S = 2 ** N_BACK states.
"""

from typing import NamedTuple

import numpy as np

from pianotrans.score.beats.notes import Array

N_BACK = 5
_N_STATES = 2**N_BACK
_NEXT = (2 * np.arange(_N_STATES)[:, None] + np.arange(2)) % _N_STATES  # (S, 2): by the hand of the note, 1 right
_HANDS = (np.arange(_N_STATES)[:, None] >> np.arange(N_BACK)) & 1  # (S, N_BACK)
_SAME = (_HANDS[:, None] == np.arange(2)[:, None]).reshape(2 * _N_STATES, N_BACK).astype(float)  # by state and hand


class HandMarginals(NamedTuple):
    """What is expected of all ways to give hands to notes.

    `right` (B, M) is the probability of the right hand, `same` (B, M, N_BACK) that of the hand of the note i + 1
    before (0 where there is none), `log_partition` (B,) the logarithm of the sum of all ways.
    """

    right: Array
    same: Array
    log_partition: Array


def sum_hands(right: Array, same: Array, allowed: Array) -> HandMarginals:
    """Sum over all ways to give hands to notes, exactly. O(B · M · S).

    `right` (B, M) and `same` (B, M, N_BACK) are log potentials. `allowed` (B, M, 2) holds 0 where the note may be
    played by the left and by the right hand, and minus infinity where it may not.
    """
    n_pieces, n_notes = right.shape
    scores = _scores(right, same, allowed)
    forward = np.full((n_notes + 1, n_pieces, _N_STATES), -np.inf)
    forward[0, :, 0] = 0
    backward = np.zeros((n_notes + 1, n_pieces, _N_STATES))
    half = _N_STATES // 2
    for note in range(n_notes):
        ways = forward[note][..., None] + scores[note]  # (B, S, 2)
        # Two states lead to each: they differ in the note that is forgotten.
        both = np.logaddexp(ways[:, :half], ways[:, half:])
        forward[note + 1] = both.reshape(n_pieces, _N_STATES)
    for note in range(n_notes, 0, -1):
        ways = backward[note][:, _NEXT] + scores[note - 1]
        backward[note - 1] = np.logaddexp(ways[..., 0], ways[..., 1])
    log_partition = backward[0, :, 0]
    ways = forward[:-1, :, :, None] + scores + backward[1:][:, :, _NEXT] - log_partition[:, None, None]
    probability = np.exp(ways)  # (M, B, S, 2)
    expected_same = probability.reshape(n_notes, n_pieces, 2 * _N_STATES) @ _SAME * _has_note_before(n_notes)
    return HandMarginals(probability[..., 1].sum(axis=2).T, expected_same.transpose(1, 0, 2), log_partition)


def _has_note_before(n_notes: int) -> Array:
    """1 where a piece has a note i + 1 before, (M, 1, N_BACK)."""
    return (np.arange(n_notes)[:, None, None] > np.arange(N_BACK)).astype(float)


def _scores(right: Array, same: Array, allowed: Array) -> Array:
    """What the state before and the hand of each note earn, (M, B, S, 2)."""
    n_pieces, n_notes = right.shape
    known = same.transpose(1, 0, 2) * _has_note_before(n_notes)
    links = (known @ _SAME.T).reshape(n_notes, n_pieces, _N_STATES, 2)
    of_hand = allowed + np.stack([np.zeros_like(right), right], axis=-1)
    scores: Array = links + of_hand.transpose(1, 0, 2)[:, :, None]
    return scores
