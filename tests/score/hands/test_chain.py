"""The chain of hands against the enumeration of all ways."""

from itertools import product

import numpy as np
import pytest

from pianotrans.score.hands.chain import N_BACK, sum_hands


def enumerate_ways(right: np.ndarray, same: np.ndarray, allowed: np.ndarray):
    """(hands of a way, its log weight) for one piece of (M,), (M, N_BACK), (M, 2)."""
    for way in product((0, 1), repeat=len(right)):
        score = 0.0
        for note, hand in enumerate(way):
            score += allowed[note, hand] + right[note] * hand
            for back in range(min(N_BACK, note)):
                score += same[note, back] * (way[note - 1 - back] == hand)
        yield np.array(way), score


@pytest.mark.parametrize("n_notes", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("some_known", [False, True])
def test_sums_agree_with_enumeration(n_notes: int, some_known: bool):
    random = np.random.default_rng(n_notes)
    right, same = random.normal(size=(2, n_notes)), random.normal(size=(2, n_notes, N_BACK))
    allowed = np.zeros((2, n_notes, 2))
    if some_known:
        allowed[0, n_notes // 2, 0] = allowed[1, 0, 1] = -np.inf
    found = sum_hands(right, same, allowed)
    for piece in range(2):
        ways, scores = zip(*enumerate_ways(right[piece], same[piece], allowed[piece]), strict=True)
        log_partition = np.logaddexp.reduce(scores)
        probability = np.exp(np.array(scores) - log_partition)
        assert found.log_partition[piece] == pytest.approx(log_partition)
        np.testing.assert_allclose(found.right[piece], probability @ np.array(ways), atol=1e-9)
        for note in range(n_notes):
            for back in range(N_BACK):
                is_same = [back < note and way[note] == way[note - 1 - back] for way in ways]
                assert found.same[piece, note, back] == pytest.approx(probability @ np.array(is_same))


def test_no_links_leave_notes_independent():
    right = np.array([[3.0, -1.0, 0.0]])
    found = sum_hands(right, np.zeros((1, 3, N_BACK)), np.zeros((1, 3, 2)))
    np.testing.assert_allclose(found.right, 1 / (1 + np.exp(-right)))


def test_no_notes():
    found = sum_hands(np.zeros((1, 0)), np.zeros((1, 0, N_BACK)), np.zeros((1, 0, 2)))
    assert found.right.shape == (1, 0)
    assert found.log_partition.tolist() == [0.0]
