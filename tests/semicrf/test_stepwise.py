"""Decoding step by step, against the list of all labellings."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.semicrf import (
    BestMoves,
    IntervalScores,
    Posterior,
    confidence_under,
    decode_factored,
    decode_stepwise,
    decode_stepwise_on_device,
    decode_stepwise_with_confidence,
)
from pianotrans.semicrf.stepwise_torch import choose_ends
from tests.semicrf import enumeration
from tests.semicrf.dense import score_map

Decoder = Callable[[IntervalScores], BestMoves]


@pytest.fixture(params=[decode_stepwise, decode_stepwise_on_device])
def decode(request: pytest.FixtureRequest) -> Decoder:
    """Compiled, and by torch alone."""
    return request.param  # type: ignore[no-any-return]


def some_scores(n_frames: int, seed: int, size: float = 1.5, n_tracks: int = 3) -> IntervalScores:
    generator = torch.Generator().manual_seed(seed)
    query, key = (size * torch.randn(n_tracks, n_frames, 4, generator=generator) for _ in range(2))
    return IntervalScores(query, key, torch.randn(n_tracks, n_frames, generator=generator))


@pytest.mark.parametrize("n_frames", range(1, 7))
@pytest.mark.parametrize("seed", range(3))
def test_every_move_follows_from_all_labellings(decode: Decoder, n_frames: int, seed: int):
    scores = some_scores(n_frames, seed)
    moves, full, gap = decode(scores), score_map(scores).double().numpy(), np.zeros(n_frames - 1)
    for track in range(3):
        onward = [enumeration.log_partition(full[track], gap, start) for start in range(n_frames)]
        chances = [
            [
                math.exp(full[track, t, e] + onward[e] - onward[t] + np.logaddexp(0, full[track, t, t])) * (e > t)
                for e in range(n_frames)
            ]
            for t in range(n_frames)
        ]
        for t in range(n_frames):
            assert moves.has_singleton[track, t] == (full[track, t, t] > 0)
            assert moves.is_interval[track, t] == (sum(chances[t]) > 0.5)
            ends = joined(chances, t)
            following = moves.next_frame[track, t]
            if moves.is_interval[track, t]:
                most = max(within_tolerance(ends, t, e) for e in range(t + 1, n_frames))
                assert within_tolerance(ends, t, following) >= most - 0.02 - 1e-9
            else:
                assert following == t + 1


def joined(chances: list[list[float]], begin: int) -> list[float]:
    """The chances of ends where an interval of one frame counts together with the one behind it."""
    ends = chances[begin].copy()
    if begin + 1 < len(ends):
        at_once = ends[begin + 1]
        ends[begin + 1] = at_once * (1 - sum(chances[begin + 1]))
        for e in range(begin + 2, len(ends)):
            ends[e] += at_once * chances[begin + 1][e]
    return ends


def within_tolerance(ends: list[float], begin: int, end: int) -> float:
    """What a tolerance of 2 frames, or of a fifth of the true duration, takes for the same as an end."""
    return sum(p for e, p in enumerate(ends) if abs(e - end) <= max(2, 0.2 * (e - begin)))


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), n_frames=st.integers(2, 90), sharpness=st.floats(0.1, 8))
def test_the_end_has_most_within_tolerance(seed: int, n_frames: int, sharpness: float):
    generator = np.random.default_rng(seed)
    begin = int(generator.integers(0, n_frames - 1))
    ends = np.exp(sharpness * generator.normal(size=n_frames)) * (np.arange(n_frames) > begin)
    ends /= ends.sum()
    [end] = choose_ends(torch.from_numpy(ends)[None], torch.tensor([begin])).tolist()
    about = [within_tolerance(ends.tolist(), begin, e) for e in range(begin + 1, n_frames)]
    assert within_tolerance(ends.tolist(), begin, end) >= max(about) - 0.02 - 1e-9


@pytest.mark.parametrize("end", [4, 5, 30, 63])
def test_a_certain_end_is_chosen_itself(end: int):
    ends = torch.full((1, 64), 1e-4, dtype=torch.float64)
    ends[0, end] = 1 - 60e-4
    assert choose_ends(ends, torch.tensor([3])).tolist() == [end]


def test_a_doubt_of_one_frame_about_the_begin_makes_no_second_stroke(decode: Decoder):
    """Frame 0 or frame 1, then one of fourteen ends: [0, 1] [1, e] is likelier than any [0, e]."""
    n_frames = 24
    query, key = torch.zeros(1, n_frames, 2), torch.zeros(1, n_frames, 2)
    length = torch.arange(n_frames).clamp(min=1)
    query[0, 9:, 0] = math.sqrt(2) * 4 / length[9:]
    key[0, :2, 0] = 1.0
    key[0, 2:, 1], query[0, :, 1] = 1.0, -60.0  # nothing begins later
    query[0, 1, 0], query[0, 2:9, 0] = math.sqrt(2) * 1.0, -60.0
    scores = IntervalScores(query, key, torch.full((1, n_frames), -60.0))
    [[_, begin, end]] = decode(scores).read(np.zeros(1, np.int64)).tolist()
    assert begin == 0
    assert end >= 9


def test_a_certain_begin_with_an_uncertain_end(decode: Decoder):
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
    [[track, begin, end]] = decode(scores).read(start).tolist()
    assert (track, begin) == (0, 0)
    assert end in ends.tolist()
    less = IntervalScores(query - torch.tensor([0.5, 0.0]), key, scores.singleton)
    assert len(decode_factored(less).read(start)) == 0, "the best path holds nothing"
    assert score_map(less)[0, 0, 2:].exp().sum() > 1
    assert len(decode(less).read(start)) == 1


@pytest.mark.parametrize("n_frames", [1, 63, 64, 65, 200])
def test_the_same_where_nothing_is_in_doubt(decode: Decoder, n_frames: int):
    """Large scores: one labelling has all the probability. Strokes of one frame are joined with the next."""
    scores = some_scores(n_frames, 5, size=40.0)
    start = np.zeros(3, np.int64)
    best = decode_factored(scores).read(start).tolist()
    found = decode(scores).read(start).tolist()
    assert [row for row in found if row[1] < row[2]] == one_stroke([row for row in best if row[1] < row[2]])
    singles = [row for row in best if row[1] == row[2]]
    assert all(row in singles for row in found if row[1] == row[2])


def one_stroke(path: list[list[int]]) -> list[list[int]]:
    """The intervals (track, begin, end) of a path, those of one frame joined with one that follows at once."""
    joined: list[list[int]] = []
    rows = iter(path)
    for track, begin, end in rows:
        last = end
        if end == begin + 1 and [track, end] in [row[:2] for row in path]:
            last = next(rows)[2]
        joined.append([track, begin, last])
    return joined


# Tiles are of 128 frames and 6 tracks: below, at and beyond. Small scores leave many ends in doubt.
@pytest.mark.parametrize("n_frames", [1, 2, 127, 128, 129, 300])
@pytest.mark.parametrize("size", [0.1, 0.3, 1.0])
def test_both_ways_agree(n_frames: int, size: float):
    scores = some_scores(n_frames, n_frames, size, n_tracks=13)
    moves, expected = decode_stepwise(scores), decode_stepwise_on_device(scores)
    assert n_frames < 3 or expected.is_interval.any()
    for ours, theirs in zip(moves.arrays, expected.arrays, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n_frames", [1, 6, 128, 300])
@pytest.mark.parametrize("size", [0.1, 0.3, 1.0])
def test_how_probable_the_moves_are(n_frames: int, size: float):
    scores = some_scores(n_frames, n_frames, size, n_tracks=13)
    moves, confidence = decode_stepwise_with_confidence(scores)
    for ours, theirs in zip(moves.arrays, decode_stepwise(scores).arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    precise = IntervalScores(*(x.double() for x in scores.factors))
    expected = confidence_under(Posterior.under(precise), *moves.arrays)
    for one, other in zip(confidence.arrays, expected.arrays, strict=True):
        np.testing.assert_allclose(one, other, atol=3e-5)
