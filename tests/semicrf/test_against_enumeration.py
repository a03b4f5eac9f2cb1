"""Every recursion against the definition: the list of all labellings."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pianotrans.semicrf import (
    IntervalScores,
    decode,
    decode_factored,
    decode_on_device,
)
from tests.semicrf import enumeration
from tests.semicrf.dense import log_partition, marginals, score_map

SIZES = range(1, 7)

score_values = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, -np.inf, 1e5, -1e5, 80_000.25]),
    st.floats(-20, 20),
)


@st.composite
def tracks(draw):
    """Scores (T, T) with -inf, very large and equal values, and finite gap scores (T - 1,)."""
    n_frames = draw(st.integers(1, 5))
    scores = draw(hnp.arrays(np.float64, (n_frames, n_frames), elements=score_values))
    gap = draw(hnp.arrays(np.float64, n_frames - 1, elements=st.floats(-10, 10)))
    return scores, gap


def random_track(n_frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, (n_frames, n_frames)), rng.normal(0, 1, n_frames - 1)


def test_number_of_labellings():
    assert [len(enumeration.labellings(n)) for n in SIZES] == [2, 8, 36, 164, 748, 3412]


def test_labellings_are_distinct_and_never_overlap():
    everything = enumeration.labellings(6)
    assert len(set(everything)) == len(everything)
    for labelling in everything:
        for (_, end), (begin, _) in itertools.pairwise(labelling):
            assert end <= begin


@pytest.mark.parametrize("n_frames", SIZES)
def test_log_partition_from_every_start_frame(n_frames):
    scores, gap = random_track(n_frames, seed=n_frames)
    found = log_partition(torch.from_numpy(scores)[None], torch.from_numpy(gap)[None])[0]
    expected = [enumeration.log_partition(scores, gap, start) for start in range(n_frames)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n_frames", SIZES)
def test_marginals_by_definition_and_by_autograd(n_frames):
    scores, gap = random_track(n_frames, seed=10 + n_frames)
    leaf = torch.from_numpy(scores)[None].requires_grad_()
    log_partition(leaf, torch.from_numpy(gap)[None])[:, 0].sum().backward()
    found = marginals(leaf.detach(), torch.from_numpy(gap)[None])[0]
    np.testing.assert_allclose(found, enumeration.marginals(scores, gap), atol=1e-12)
    np.testing.assert_allclose(found, leaf.grad[0], atol=1e-12)


@pytest.mark.parametrize("n_frames", SIZES)
def test_viterbi_from_every_start_frame(n_frames):
    scores, gap = random_track(n_frames, seed=20 + n_frames)
    moves = decode(scores[None], gap[None])
    for start in range(n_frames):
        path = tuple(map(tuple, moves.read(np.array([start]))[:, 1:].tolist()))
        best = max(enumeration.labellings(n_frames, start), key=lambda x: enumeration.weight(x, scores, gap, start))
        assert path == best


@given(tracks())
@settings(deadline=None)
def test_any_scores(track):
    """-inf, very large and equal scores: the same weight as the best labelling, the same partition, marginals."""
    scores, gap = track
    n_frames = len(scores)
    moves = decode(scores[None], gap[None])
    path = tuple(map(tuple, moves.read(np.array([0]))[:, 1:].tolist()))
    assert path in enumeration.labellings(n_frames)
    assert enumeration.weight(path, scores, gap) == pytest.approx(enumeration.best_weight(scores, gap), rel=1e-12)
    some, gaps = torch.from_numpy(scores)[None], torch.from_numpy(gap)[None]
    log_z = enumeration.log_partition(scores, gap)
    assert log_partition(some, gaps)[0, 0].item() == pytest.approx(log_z, rel=1e-12, abs=1e-9)
    # probabilities are differences of numbers as large as the scores
    tolerance = 1e-14 * max(1.0, np.abs(np.where(np.isfinite(scores), scores, 0)).max()) * 100
    np.testing.assert_allclose(marginals(some, gaps)[0], enumeration.marginals(scores, gap), atol=tolerance)


def test_gap_of_minus_infinity_forces_intervals():
    scores = np.zeros((1, 3, 3))
    moves = decode(scores, np.full((1, 2), -np.inf))
    assert moves.read(np.array([0]))[:, 1:].tolist() == [[0, 1], [1, 2]]


def test_ties_take_nothing():
    """No singleton at score 0; the gap where an interval is only as good."""
    assert len(decode(np.zeros((3, 5, 5))).read(np.zeros(3, np.int64))) == 0


def test_singleton_is_read_before_the_interval_that_begins_there_and_touching_intervals_share_a_frame():
    scores = np.full((1, 4, 4), -1.0)
    scores[0, 0, 2], scores[0, 2, 2], scores[0, 2, 3] = 5.0, 1.0, 5.0
    assert decode(scores).read(np.array([0])).tolist() == [[0, 0, 2], [0, 2, 2], [0, 2, 3]]


def test_start_beyond_the_last_frame_reads_nothing():
    assert len(decode(np.ones((1, 3, 3))).read(np.array([3]))) == 0


def test_wrong_start_frames_are_refused():
    moves = decode(np.ones((2, 3, 3)))
    with pytest.raises(ValueError, match=r"start_frames: \(2,\) frames"):
        moves.read(np.array([0]))
    with pytest.raises(ValueError, match="start_frames"):
        moves.read(np.array([0, -1]))


def factored(n_tracks: int, n_frames: int, width: int, seed: int) -> IntervalScores:
    generator = torch.Generator().manual_seed(seed)
    query, key = (torch.randn(n_tracks, n_frames, width, generator=generator) for _ in range(2))
    return IntervalScores(query, key, torch.randn(n_tracks, n_frames, generator=generator))


def test_score_map_by_definition():
    scores = factored(2, 7, 16, seed=1)
    full = score_map(scores).numpy()
    for n, b, e in itertools.product(range(2), range(7), range(7)):
        inner = float(scores.query[n, e] @ scores.key[n, b]) / 4
        expected = (e - b) * inner if b < e else scores.singleton[n, b].item() if b == e else 0.0
        assert full[n, b, e] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("n_frames", [1, 2, 3, 50, 300])
@pytest.mark.parametrize("n_tracks", [1, 6, 7])
def test_decoding_in_factors_is_decoding_of_the_map(n_tracks, n_frames):
    scores = factored(n_tracks, n_frames, 16, seed=n_frames)
    whole, tiled = decode(score_map(scores).numpy()), decode_factored(scores)
    starts = np.arange(n_tracks) % n_frames
    assert whole.read(starts).tolist() == tiled.read(starts).tolist()
    for start in (0, n_frames - 1):
        part = tiled[1:].read(np.full(n_tracks - 1, start))
        all_tracks = tiled.read(np.full(n_tracks, start))
        kept = all_tracks[all_tracks[:, 0] > 0] - [1, 0, 0]
        assert part.tolist() == kept.tolist()


@pytest.mark.parametrize("n_frames", [1, 2, 63, 64, 65, 200])
def test_decoding_on_a_device_is_the_compiled_one(n_frames):
    scores = factored(9, n_frames, 16, seed=n_frames)
    compiled, device = decode_factored(scores), decode_on_device(scores)
    for ours, expected in zip(device.arrays, compiled.arrays, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_decoding_a_long_track_agrees_with_a_plain_loop():
    """A Viterbi in a few lines of Python, for lengths that cannot be enumerated."""
    scores, gap = random_track(120, seed=5)
    best = np.zeros(120)
    best[-1] = max(scores[-1, -1], 0)
    for t in range(118, -1, -1):
        best[t] = max(scores[t, t], 0) + max(best[t + 1] + gap[t], (scores[t, t + 1 :] + best[t + 1 :]).max())
    path = decode(scores[None], gap[None]).read(np.array([0]))[:, 1:]
    assert enumeration.weight(tuple(map(tuple, path.tolist())), scores, gap) == pytest.approx(best[0])
