"""How probable decoded intervals are: against the definition, and against the sweeps over the whole score map."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.semicrf import (
    LEAST_LIKELY,
    BestMoves,
    Confidence,
    IntervalScores,
    Posterior,
    confidence_under,
    decode_factored,
    decode_with_confidence,
)
from tests.semicrf import enumeration
from tests.semicrf.dense import marginals, score_map

WIDTH = 3


def factored(n_tracks: int, n_frames: int, seed: int, spread: float = 1.0, level: float = 0.0) -> IntervalScores:
    """Random scores; a few singletons are impossible."""
    generator = torch.Generator().manual_seed(seed)
    query, key = (spread * torch.randn(n_tracks, n_frames, WIDTH, generator=generator) for _ in range(2))
    query[..., 0], key[..., 0] = 1.0, level
    singleton = torch.randn(n_tracks, n_frames, generator=generator)
    singleton[singleton < -1.5] = -torch.inf
    return IntervalScores(query, key, singleton)


def near(probability: np.ndarray, begin: int, end: int) -> float:
    """The sum of a map of probabilities (T, T) within a frame of an interval's begin and of its end."""
    return float(probability[max(begin - 1, 0) : begin + 2, max(end - 1, 0) : end + 2].sum())


def check(confidence: Confidence, moves: BestMoves, n: int, probability: np.ndarray, tolerance: float) -> None:
    """One track against the posterior probability of all its intervals."""
    interval, singleton = np.zeros((2, len(probability)))
    for t in np.flatnonzero(moves.is_interval[n]):
        interval[t] = near(probability, t, moves.next_frame[n, t])
    for t in np.flatnonzero(moves.has_singleton[n]):
        singleton[t] = near(probability, t, t)
    np.testing.assert_allclose(confidence.interval[n], interval.clip(max=1), atol=tolerance)
    np.testing.assert_allclose(confidence.singleton[n], singleton.clip(max=1), atol=tolerance)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_frames", range(1, 7))
def test_enumeration(n_frames, seed):
    scores = factored(4, n_frames, seed, level=0.5)
    moves, confidence = decode_with_confidence(scores)
    for n in range(4):
        full, gap = score_map(scores, slice(n, n + 1))[0].double().numpy(), np.zeros(n_frames - 1)
        check(confidence, moves, n, enumeration.marginals(full, gap), 1e-6)
        np.testing.assert_allclose(confidence.begin[n], begins(full), atol=1e-6)
        for t in np.flatnonzero(moves.is_interval[n]):
            begin, end = int(t), int(moves.next_frame[n, t])
            if end - begin > 2:
                assert confidence.interval[n, t] == pytest.approx(chance_of_one_near(full, begin, end), abs=1e-6)


def weighed(full: np.ndarray) -> list[tuple[enumeration.Labelling, float]]:
    """All labellings, each with its probability."""
    labellings = enumeration.labellings(len(full))
    weights = np.array([math.exp(sum(full[b, e] for b, e in one)) for one in labellings])
    return list(zip(labellings, weights / weights.sum(), strict=True))


def begins(full: np.ndarray) -> list[float]:
    """How many of each frame, the one before and the one after have something begin, on average; at most 1."""
    starts = [({b for b, _ in one}, p) for one, p in weighed(full)]
    near = ({t - 1, t, t + 1} for t in range(len(full)))
    return [min(1.0, sum(p * len(these & some) for some, p in starts)) for these in near]


def chance_of_one_near(full: np.ndarray, begin: int, end: int) -> float:
    """That a labelling has at least one interval or singleton within a frame of both ends."""
    return sum(p for one, p in weighed(full) if any(abs(b - begin) <= 1 and abs(e - end) <= 1 for b, e in one))


# Tiles are of 128 frames and 6 tracks: below, at and beyond. A low level leaves hardly any interval a chance.
@pytest.mark.parametrize("n_frames", [1, 2, 127, 128, 129, 300])
@pytest.mark.parametrize(("spread", "level"), [(0.3, 0.0), (3.0, 0.0), (0.5, -20.0)])
def test_the_full_map(n_frames, spread, level):
    scores = factored(13, n_frames, n_frames, spread, level)
    moves, confidence = decode_with_confidence(scores)
    maps = score_map(IntervalScores(*(x.double() for x in scores.factors)))
    for n, probability in enumerate(marginals(maps).numpy()):
        check(confidence, moves, n, probability, 3e-5)


def test_more_intervals_than_there_is_room_for_at_first():
    scores = factored(1, 128, 5, spread=0.02)  # nearly all of the 8128 have a chance
    _, confidence = decode_with_confidence(scores)
    expected = confidence_under(Posterior.under(scores), *decode_factored(scores).arrays)
    for ours, theirs in zip(confidence.arrays, expected.arrays, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_decoding_is_not_changed():
    scores = factored(13, 300, 1)
    moves, _ = decode_with_confidence(scores)
    for ours, theirs in zip(moves.arrays, decode_factored(scores).arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(1, 140), st.integers(0, 2**31), st.floats(0.01, 200), st.floats(-50, 5))
def test_both_ways_agree_and_give_probabilities(n_frames, seed, spread, level):
    """Scores of up to some hundred thousand: where rounding may decide, in float64 on both sides."""
    scores = factored(3, n_frames, seed, spread, level)
    moves, confidence = decode_with_confidence(scores)
    other = confidence_under(Posterior.under(scores), *moves.arrays)
    rounding = 1e-5 + 1e-6 * score_map(scores).nan_to_num(neginf=0).abs().max().item()
    for ours, theirs in zip(confidence.arrays, other.arrays, strict=True):
        assert ours.dtype == theirs.dtype == np.float32
        assert (ours >= 0).all()
        assert (ours <= 1).all()
        np.testing.assert_allclose(ours, theirs, atol=min(rounding, 1))
    is_long = moves.is_interval & (moves.next_frame - np.arange(n_frames) > 2)
    assert (confidence.begin >= confidence.interval - 1e-6)[is_long].all()


def test_what_is_asked_for_and_how_parts_go_together():
    scores = factored(5, 40, 2)
    moves, whole = decode_with_confidence(scores)
    joined = Confidence.joined([whole[:2], whole[2:]])
    for ours, theirs in zip(joined.arrays, whole.arrays, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    track, begin, end = moves.read(np.zeros(5, np.int64)).T
    index = (torch.from_numpy(x.copy()) for x in (track, begin, end))
    expected = Posterior.under(scores).of_intervals_about(*index).clamp(max=1)
    np.testing.assert_allclose(whole.of(track, begin, end), expected, atol=1e-5)
    nothing = Confidence.nothing(2, 7)
    assert [array.shape for array in nothing.arrays] == [(2, 7)] * 3
    assert not any(array.any() for array in nothing.arrays)


# What is likely besides


@pytest.mark.parametrize("n_frames", range(1, 7))
def test_likely_intervals_and_runners_up_by_enumeration(n_frames):
    scores = factored(4, n_frames, seed=n_frames, level=0.5)
    moves, confidence = decode_with_confidence(scores)
    for likely in (confidence.likely, Posterior.under(scores).likely):
        for n in range(4):
            full, gap = score_map(scores, slice(n, n + 1))[0].double().numpy(), np.zeros(n_frames - 1)
            truth = enumeration.marginals(full, gap)
            ours = likely[n : n + 1]
            np.testing.assert_array_equal((ours.begin, ours.end), np.nonzero(truth >= 1e-3))
            np.testing.assert_allclose(ours.probability, truth[ours.begin, ours.end], atol=1e-6)
            for t in np.flatnonzero(moves.is_interval[n]):
                begin, end = int(t), int(moves.next_frame[n, t])
                check_other_ends(likely.other_ends(n, begin, end), truth, begin, end)


def check_other_ends(found: list[tuple[int, float]], truth: np.ndarray, begin: int, end: int) -> None:
    """At most one earlier and one later, each the best of its side; what was decoded counts for neither."""
    about = truth[max(begin - 1, 0) : begin + 2].sum(axis=0)
    expected = []
    for side in (slice(0, max(end - 1, 0)), slice(end + 2, None)):
        ours = np.zeros_like(about)
        ours[side] = about[side]
        total = [ours[max(e - 1, 0) : e + 2].sum() for e in range(len(ours))]
        expected.append(min(max(total[side], default=0.0), 1.0))
    assert [p for _, p in found] == pytest.approx([p for p in expected if p >= 1e-3], abs=9e-3)
    assert all(abs(e - end) > 1 for e, _ in found)


def test_likely_intervals_of_both_ways_and_of_parts():
    scores = factored(13, 300, 7, spread=0.5)
    _, confidence = decode_with_confidence(scores)
    ours, theirs = confidence.likely, Posterior.under(scores).likely
    one, other = (
        {(*x,): p for *x, p in zip(y.track, y.begin, y.end, y.probability, strict=True)} for y in (ours, theirs)
    )
    assert len(one) > 100
    for interval in one.keys() | other.keys():
        assert one.get(interval, 1e-3) == pytest.approx(other.get(interval, 1e-3), abs=1e-5)
    joined = Confidence.joined([confidence[:6], confidence[6:]]).likely
    np.testing.assert_array_equal(joined.track, ours.track)
    np.testing.assert_array_equal(joined.probability, ours.probability)
    n, begin = int(ours.track[0]), int(ours.begin[0])
    end, probability = ours.best_end(n, begin)
    assert LEAST_LIKELY <= probability <= 1
    assert end >= begin - 1
