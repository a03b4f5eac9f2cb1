"""Key signatures of bars."""

from itertools import pairwise, product

import numpy as np
import pytest

from pianotrans.score.keys.keys import best_chain, find_keys
from pianotrans.score.pitch import KeySignature

MAJOR = [0, 2, 4, 5, 7, 9, 11, 12]
HARMONIC_MINOR = [0, 2, 3, 5, 7, 8, 11, 12]


def find(keys, n_bars):
    keys = np.array(keys, dtype=np.int64)
    bars = np.arange(len(keys)) * n_bars // max(len(keys), 1)
    return find_keys(keys, np.ones(len(keys)), bars, n_bars)


def passage(tonic, scale):
    """A scale up and a cadence, four times."""
    third = scale[2]
    chords = [0, third, 7, 5, 5 + third, 12, 7, 11, 14, 0, third, 7, 12]
    return [tonic + step for step in (*scale, *chords)] * 4


@pytest.mark.parametrize(
    ("tonic", "fifths"), [(60, 0), (67, 1), (65, -1), (64, 4), (63, -3), (61, -5), (66, 6), (71, 5), (68, -4)]
)
def test_major_keys(tonic, fifths):
    assert find(passage(tonic, MAJOR), 8) == (KeySignature(fifths, "major"),) * 8


@pytest.mark.parametrize(("tonic", "fifths"), [(57, 0), (63, -6), (60, -3), (61, 4), (54, 3), (64, 1)])
def test_minor_keys(tonic, fifths):
    assert find(passage(tonic, HARMONIC_MINOR), 8) == (KeySignature(fifths, "minor"),) * 8


def test_a_long_stay_in_a_far_key_changes_the_signature():
    found = find(passage(60, MAJOR) * 8 + passage(64, MAJOR) * 8, 128)
    assert [found[0].fifths, found[-1].fifths] == [0, 4]
    assert len(set(found)) == 2


def test_one_foreign_bar_does_not():
    assert len(set(find(passage(60, MAJOR) * 4 + passage(61, MAJOR)[:6] + passage(60, MAJOR) * 4, 64))) == 1


def test_a_given_key_holds_for_all_bars():
    keys = np.array(passage(60, MAJOR), dtype=np.int64)
    given = KeySignature(-6, "minor")
    assert find_keys(keys, np.ones(len(keys)), np.zeros(len(keys), dtype=np.int64), 3, given) == (given,) * 3


def test_no_notes():
    assert find([], 0) == ()
    assert len(set(find([], 4))) == 1
    assert len(find([60], 3)) == 3


def test_best_chain_is_that_of_enumeration():
    rng = np.random.default_rng(0)
    for _ in range(20):
        scores, start, steps = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 3))

        def total(states, scores=scores, start=start, steps=steps):
            moves = sum(steps[a, b] for a, b in pairwise(states))
            return start[states[0]] + moves + sum(scores[i, s] for i, s in enumerate(states))

        assert tuple(best_chain(scores, start, steps)) == max(product(range(3), repeat=4), key=total)


@pytest.mark.parametrize(("before", "six"), [(-5, -6), (-4, -6), (5, 6), (4, 6)])
def test_six_signs_are_those_that_a_modulation_needs(before, six):
    tonic = 60 + 7 * before % 12
    one, other = passage(tonic, MAJOR) * 8, passage(66, MAJOR) * 8
    assert [find(one + other, 128)[i].fifths for i in (0, -1)] == [before, six]
    assert [find(other + one, 128)[i].fifths for i in (0, -1)] == [six, before]
