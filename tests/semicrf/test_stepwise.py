"""Decoding step by step, against the list of all labellings."""

import math

import numpy as np
import pytest
import torch

from pianotrans.semicrf import IntervalScores, decode_factored, decode_stepwise
from tests.semicrf import enumeration
from tests.semicrf.dense import score_map


def some_scores(n_frames: int, seed: int, size: float = 1.5) -> IntervalScores:
    generator = torch.Generator().manual_seed(seed)
    query, key = (size * torch.randn(3, n_frames, 4, generator=generator) for _ in range(2))
    return IntervalScores(query, key, torch.randn(3, n_frames, generator=generator))


@pytest.mark.parametrize("n_frames", range(1, 7))
@pytest.mark.parametrize("seed", range(3))
def test_every_move_is_the_likeliest_among_all_labellings(n_frames: int, seed: int):
    scores = some_scores(n_frames, seed)
    moves, full, gap = decode_stepwise(scores), score_map(scores).double().numpy(), np.zeros(n_frames - 1)
    for track in range(3):
        onward = [enumeration.log_partition(full[track], gap, start) for start in range(n_frames)]
        for t in range(n_frames):
            single = full[track, t, t]
            assert moves.has_singleton[track, t] == (single > 0)
            chances = {
                e: math.exp(full[track, t, e] + onward[e] - onward[t] + np.logaddexp(0, single))
                for e in range(t + 1, n_frames)
            }
            assert moves.is_interval[track, t] == (sum(chances.values()) > 0.5)
            likeliest = max(chances, key=chances.__getitem__) if moves.is_interval[track, t] else t + 1
            assert moves.next_frame[track, t] == likeliest


def test_a_certain_begin_with_an_uncertain_end():
    """Eight ends share nine tenths: any one of them has less than nothing has, but something begins."""
    n_frames, improbable = 10, -50.0
    ends = torch.arange(2, n_frames)
    query, key = torch.zeros(1, n_frames, 2), torch.zeros(1, n_frames, 2)
    query[0, ends, 0], key[0, 0, 0] = math.sqrt(2) * math.log(9 / len(ends)) / ends, 1.0
    query[0, :, 1], key[0, 1:, 1] = improbable, 1.0  # nothing begins later
    query[0, 1, 0] = improbable
    scores = IntervalScores(query, key, torch.full((1, n_frames), improbable))
    assert score_map(scores)[0, 0, 2:].exp().sum() == pytest.approx(9, rel=1e-4)
    start = np.zeros(1, np.int64)
    assert (score_map(scores)[0, 0, 2:] < 0.2).all()
    [[track, begin, end]] = decode_stepwise(scores).read(start).tolist()
    assert (track, begin) == (0, 0)
    assert end in ends.tolist()
    less = IntervalScores(query - torch.tensor([0.5, 0.0]), key, scores.singleton)
    assert len(decode_factored(less).read(start)) == 0, "the best path holds nothing"
    assert score_map(less)[0, 0, 2:].exp().sum() > 1
    assert len(decode_stepwise(less).read(start)) == 1


@pytest.mark.parametrize("n_frames", [1, 63, 64, 65, 200])
def test_the_same_where_nothing_is_in_doubt(n_frames: int):
    """Large scores: one labelling has all the probability."""
    scores = some_scores(n_frames, 5, size=40.0)
    start = np.zeros(3, np.int64)
    np.testing.assert_array_equal(decode_stepwise(scores).read(start), decode_factored(scores).read(start))
