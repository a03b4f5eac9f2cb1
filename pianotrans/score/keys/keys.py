"""The key signature of every bar: a chain over bars in which changes are rare.

A state is a signature and a mode. A bar earns what its pitch classes say of the state, changes cost. The best chain
is exact (Viterbi). Of two signatures that sound the same, the usual one is taken; of G flat and F sharp major, if
the signature changes, the one that is nearer to the signature before or after. It seldom changes to seven signs.
"""

import numpy as np

from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.keys.profiles import (
    BAR_WEIGHT,
    CHANGE_COST,
    FAR_COST,
    MODE_CHANGE_COST,
    PRESENCE,
    SHARE,
    SIGNATURE,
    USUAL_WEIGHT,
)
from pianotrans.score.pitch import KeySignature, Mode

MODES: tuple[Mode, Mode] = ("major", "minor")
FIFTHS = np.arange(-7, 8)
_LONGEST = 4.0  # quarter notes; a longer note says no more
_TWIN = 6  # signs: six flats sound as six sharps, and are as easy to read; more than six fifths away, take the twin
_PITCH_CLASS = (np.arange(12) + 7 * FIFTHS[:, None]) % 12  # (15, 12): profile number -> pitch class


def find_keys(
    key: Integers,
    duration: Array,
    bar_of_note: Integers,
    n_bars: int,
    given: KeySignature | None = None,
) -> tuple[KeySignature, ...]:
    """The key signature of each bar; `given` holds for all of them if it is not None.

    `key` (n_notes,) are MIDI numbers, `duration` (n_notes,) how long they sound in quarter notes, `bar_of_note`
    (n_notes,) their bars from 0. Bars without notes take the signature around them. Cost: 900 steps a bar.
    """
    if given is not None:
        return (given,) * n_bars
    if n_bars == 0:
        return ()
    states = best_chain(bar_scores(key, duration, bar_of_note, n_bars), *chain_scores())
    return tuple(KeySignature(int(FIFTHS[state // 2]), MODES[state % 2]) for state in states)


def bar_scores(key: Integers, duration: Array, bar_of_note: Integers, n_bars: int) -> Array:
    """What the notes of each bar say of each state, (n_bars, 30); state 2 i + m has signature i and mode m."""
    weight = np.sqrt(np.clip(duration, 0.0, _LONGEST))
    heard = np.zeros((n_bars, 12))
    np.add.at(heard, (bar_of_note, key % 12), weight)
    share = heard / np.maximum(heard.sum(axis=1, keepdims=True), 1e-9)
    earned = share[:, _PITCH_CLASS] @ SHARE.T + (heard > 0)[:, _PITCH_CLASS] @ PRESENCE.T  # (n_bars, 15, 2)
    scores: Array = BAR_WEIGHT * earned.reshape(n_bars, -1)
    return scores


def chain_scores() -> tuple[Array, Array]:
    """What a state earns as the first, (30,), and as the next after another, (30, 30)."""
    usual = SIGNATURE.T.reshape(-1)
    state = np.arange(len(usual))
    is_change = state[:, None] // 2 != state // 2
    is_mode_change = ~is_change & (state[:, None] != state)
    fifths = FIFTHS[state // 2]
    has_twin, has_better = np.abs(fifths) == _TWIN, np.abs(fifths) > _TWIN
    is_far = (np.abs(fifths[:, None] - fifths) > _TWIN) & (has_twin[:, None] | has_twin) | has_better
    steps = is_change * (USUAL_WEIGHT * usual - CHANGE_COST - FAR_COST * is_far) - is_mode_change * MODE_CHANGE_COST
    return usual, steps


def best_chain(scores: Array, start: Array, steps: Array) -> Integers:
    """The best state of each of n places, n at least 1: `scores` (n, k), `start` (k,), `steps` (k, k) from, to."""
    best = start + scores[0]
    came_from = np.zeros(scores.shape, dtype=np.int64)
    for place in range(1, len(scores)):
        through = best[:, None] + steps
        came_from[place] = through.argmax(axis=0)
        best = through.max(axis=0) + scores[place]
    states = np.zeros(len(scores), dtype=np.int64)
    states[-1] = best.argmax()
    for place in range(len(scores) - 1, 0, -1):
        states[place - 1] = came_from[place, states[place]]
    return states
