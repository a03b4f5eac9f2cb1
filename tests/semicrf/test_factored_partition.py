"""Log partition, marginals and gradient of scores in factors: strips of any size against the definition."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from pianotrans.semicrf import (
    IntervalScores,
    Posterior,
    log_partition_factored,
)
from tests.semicrf import enumeration
from tests.semicrf.dense import log_partition, marginals, score_map

WIDTH = 3
# float64 goes by torch, float32 on the CPU by the compiled functions
KINDS = pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])


def factored(
    n_tracks: int, n_frames: int, dtype: torch.dtype, seed: int = 0, spread: float = 1.0
) -> IntervalScores:
    """Random scores whose factors ask for gradients; a few singletons are impossible."""
    generator = torch.Generator().manual_seed(seed)
    query, key = (spread * torch.randn(n_tracks, n_frames, WIDTH, generator=generator) for _ in range(2))
    singleton = torch.randn(n_tracks, n_frames, generator=generator)
    singleton[singleton < -1.5] = -torch.inf
    return IntervalScores(*(x.to(dtype).requires_grad_() for x in (query, key, singleton)))


def gradients(log_z: torch.Tensor, scores: IntervalScores) -> tuple[torch.Tensor, ...]:
    """By the three factors, every track weighted differently."""
    weights = torch.linspace(-1, 2, len(log_z), dtype=log_z.dtype)
    return torch.autograd.grad(log_z @ weights, scores.factors)


def by_the_map(scores: IntervalScores) -> torch.Tensor:
    """The log partition by the recursion over the full score map in float64, differentiable by autograd."""
    return log_partition(score_map(IntervalScores(*(x.double() for x in scores.factors))))[:, 0]


def lengths_of(n_frames: int) -> np.ndarray:
    """What the inner product of a begin and an end is multiplied with, (T, T)."""
    frames = np.arange(n_frames)
    return np.maximum(frames - frames[:, None], 0) / math.sqrt(WIDTH)


@cache
def enumerated(n_tracks: int, n_frames: int, seed: int, n: int) -> tuple[float, np.ndarray, list[float]]:
    """By definition, for track n: log partition, marginals, probability that something begins at each frame.

    The same for float32 and float64, whose factors are the same, and for strips of any size.
    """
    query, key, singleton = (
        x.detach()[n].numpy() for x in factored(n_tracks, n_frames, torch.float64, seed).factors
    )
    full, gap = key @ query.T * lengths_of(n_frames), np.zeros(n_frames - 1)
    np.fill_diagonal(full, singleton)
    chances = {x: math.exp(enumeration.weight(x, full, gap)) for x in enumeration.labellings(n_frames)}
    begins = [
        sum(p for x, p in chances.items() if any(begin == frame for begin, _ in x)) / sum(chances.values())
        for frame in range(n_frames)
    ]
    return enumeration.log_partition(full, gap), enumeration.marginals(full, gap), begins


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("n_frames", range(1, 7))
@pytest.mark.parametrize("frames_per_strip", [1, 2, 3, 64])
def test_enumeration(n_frames, frames_per_strip, dtype, tolerance):
    scores = factored(3, n_frames, dtype, seed=n_frames)
    log_z = log_partition_factored(scores, frames_per_strip)
    assert log_z.dtype == torch.float64
    by_query, by_key, by_singleton = gradients(log_z, scores)
    query, key = (x.detach().double().numpy() for x in (scores.query, scores.key))
    lengths = lengths_of(n_frames)
    for n, weight in enumerate(np.linspace(-1, 2, 3)):
        expected, probability, _ = enumerated(3, n_frames, n_frames, n)
        assert log_z[n].item() == pytest.approx(expected, rel=tolerance, abs=tolerance)
        np.testing.assert_allclose(by_singleton[n], weight * np.diagonal(probability), atol=tolerance)
        by_score = weight * probability * lengths
        np.testing.assert_allclose(by_query[n], by_score.T @ key[n], atol=20 * tolerance)
        np.testing.assert_allclose(by_key[n], by_score @ query[n], atol=20 * tolerance)


@KINDS
@pytest.mark.parametrize(
    ("n_frames", "frames_per_strip"), [(1, 7), (2, 7), (65, 7), (64, 64), (65, 64), (130, 1000)]
)
def test_strips_of_any_size_give_what_the_full_map_gives(n_frames, frames_per_strip, dtype, tolerance):
    scores = factored(13, n_frames, dtype, seed=n_frames)
    found, expected = log_partition_factored(scores, frames_per_strip), by_the_map(scores)
    np.testing.assert_allclose(found.detach(), expected.detach(), rtol=tolerance, atol=tolerance)
    for ours, truth in zip(gradients(found, scores), gradients(expected, scores), strict=True):
        assert ours.dtype == dtype
        # a score is a difference of large numbers: the scale of the gradient is that of the longest intervals
        scale = max(1.0, truth.abs().max().item()) * max(1, n_frames / 10)
        possible = torch.isfinite(truth)  # autograd through -inf is not a number
        np.testing.assert_allclose(ours[possible], truth[possible], atol=tolerance * scale)
        assert torch.isfinite(ours).all()


@pytest.mark.parametrize("frames_per_strip", [1, 3, 64])
@pytest.mark.parametrize("n_frames", [1, 2, 5])  # one strip, and two of which the second is shorter
def test_gradient_by_finite_differences(n_frames, frames_per_strip):
    factors = [x.detach().clamp(min=-5).requires_grad_() for x in factored(2, n_frames, torch.float64).factors]
    assert torch.autograd.gradcheck(
        lambda *x: log_partition_factored(IntervalScores(*x), frames_per_strip), factors
    )


@KINDS
@pytest.mark.parametrize("frames_per_strip", [2, 64])
def test_intervals_of_minus_infinity_are_never_taken(frames_per_strip, dtype, tolerance):
    """Every interval that ends at frame 3 is impossible, and all singletons are."""
    query = torch.tensor([1.0, 1.0, 1.0, -torch.inf, 1.0, 1.0]).reshape(1, 6, 1).to(dtype)
    scores = IntervalScores(query, torch.ones(1, 6, 1, dtype=dtype), torch.full((1, 6), -torch.inf, dtype=dtype))
    frames = np.arange(6)
    full = np.where(frames == 3, -np.inf, frames - frames[:, None])
    full[frames, frames] = -np.inf
    expected = enumeration.marginals(full, np.zeros(5))
    assert expected[:, 3].max() == 0
    log_z = log_partition_factored(scores, frames_per_strip)
    assert log_z.item() == pytest.approx(enumeration.log_partition(full, np.zeros(5)), rel=tolerance)
    track, begin, end = torch.tensor([(0, b, e) for b in range(6) for e in range(b, 6)]).T
    found = Posterior.under(scores, frames_per_strip).of_intervals(track, begin, end)
    np.testing.assert_allclose(found, expected[begin, end], atol=tolerance)


@KINDS
@pytest.mark.parametrize("frames_per_strip", [1, 4, 64])
@pytest.mark.parametrize("n_frames", range(1, 7))
def test_posterior_of_given_intervals(n_frames, frames_per_strip, dtype, tolerance):
    seed = 30 + n_frames
    scores = IntervalScores(*(x.detach() for x in factored(4, n_frames, dtype, seed).factors))
    posterior = Posterior.under(scores, frames_per_strip)
    asked = [(n, b, e) for n in range(4) for b in range(n_frames) for e in range(b, n_frames)]
    track, begin, end = torch.tensor(asked).T
    found = posterior.of_intervals(track, begin, end)
    begins = posterior.of_begins(*torch.tensor(list(itertools.product(range(4), range(n_frames)))).T)
    expected_begins = []
    for n in range(4):
        _, expected, begins_of_track = enumerated(4, n_frames, seed, n)
        mine = (track == n).numpy()
        np.testing.assert_allclose(found[mine], expected[begin[mine], end[mine]], atol=10 * tolerance)
        expected_begins += begins_of_track
    np.testing.assert_allclose(begins, expected_begins, atol=10 * tolerance)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 1000), st.sampled_from([0.01, 1.0, 30.0, 3000.0]))
@settings(deadline=None, max_examples=30)
def test_the_compiled_recursions_are_those_of_torch(n_frames, frames_per_strip, seed, spread):
    """Scores of any size; what is uncertain to float32 in them is uncertain in the results."""
    single = factored(3, n_frames, torch.float32, seed, math.sqrt(spread))
    double = IntervalScores(*(x.detach().double().requires_grad_() for x in single.factors))
    compiled, torch_alone = (log_partition_factored(x, frames_per_strip) for x in (single, double))
    largest = max(1.0, spread * n_frames * 10)
    np.testing.assert_allclose(compiled.detach(), torch_alone.detach(), rtol=1e-6, atol=1e-6 * largest)
    if spread <= 1:
        for ours, theirs in zip(gradients(compiled, single), gradients(torch_alone, double), strict=True):
            scale = max(1.0, theirs.abs().max().item())
            np.testing.assert_allclose(ours, theirs, atol=1e-5 * scale * largest)


@pytest.mark.parametrize("n_tracks", [1, 2, 7])
def test_the_number_of_threads_changes_nothing(n_tracks):
    scores = factored(n_tracks, 70, torch.float32, seed=8)
    found = []
    for n_threads in (1, 3):
        torch.set_num_threads(n_threads)
        log_z = log_partition_factored(scores)
        found.append([log_z.detach(), *gradients(log_z, scores)])
    torch.set_num_threads(1)
    for alone, shared in zip(*found, strict=True):
        np.testing.assert_allclose(alone, shared, rtol=1e-4, atol=1e-4)


def test_scores_as_large_as_the_published_ones_keep_their_probabilities():
    """Rounding must not make the probabilities of what may follow a frame add up to anything but one."""
    scores = factored(4, 200, torch.float32, seed=3, spread=25.0)
    assert score_map(scores).abs().max() > 80_000
    log_z = log_partition_factored(scores)
    *_, by_singleton = torch.autograd.grad(log_z.sum(), scores.factors)
    assert torch.all((by_singleton >= 0) & (by_singleton <= 1))
    posterior = Posterior.under(IntervalScores(*(x.detach() for x in scores.factors)))
    np.testing.assert_allclose(posterior.visited[:, [0, -1]], 1, atol=1e-5)


def test_precision_is_kept_under_autocast():
    scores = factored(2, 70, torch.float32, seed=4)
    plain = log_partition_factored(scores)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = log_partition_factored(scores)
        found = gradients(cast, scores)
    np.testing.assert_array_equal(cast.detach(), plain.detach())
    for ours, expected in zip(found, gradients(plain, scores), strict=True):
        assert torch.equal(ours, expected)
    halves = IntervalScores(*(x.detach().bfloat16() for x in scores.factors))
    assert log_partition_factored(halves).dtype == torch.float64


def test_memory_is_linear_in_the_frames():
    """No tensor that autograd keeps, and none that a strip needs, is larger than N · T · frames per strip."""
    n_tracks, n_frames, frames_per_strip = 2, 600, 8
    scores = factored(n_tracks, n_frames, torch.float64, seed=5)
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            nonlocal largest
            result = func(*args, **(kwargs or {}))
            for x in tree_leaves(result):
                if isinstance(x, torch.Tensor):
                    largest = max(largest, x.numel())
            return result

    with Watch():
        log_partition_factored(scores, frames_per_strip).sum().backward()
    assert n_tracks * n_frames < largest <= n_tracks * n_frames * frames_per_strip


@pytest.mark.parametrize("n_frames", [1, 6])
def test_scores_of_single_intervals(n_frames):
    scores = factored(2, n_frames, torch.float32, seed=6)
    full = score_map(scores).detach()
    index = torch.tensor([(n, b, e) for n in range(2) for b in range(n_frames) for e in range(b, n_frames)]).T
    found = scores.of(*index)
    np.testing.assert_allclose(found.detach(), full[tuple(index)], rtol=1e-5, atol=1e-5)
    possible = torch.isfinite(found)
    found[possible].sum().backward()
    assert torch.equal(scores.singleton.grad, torch.isfinite(scores.singleton).float())


def test_marginals_of_the_map_are_the_gradient():
    """The older, full recursion and the strips agree on every interval of a track of some length."""
    scores = IntervalScores(*(x.detach() for x in factored(2, 50, torch.float64, seed=7).factors))
    expected = marginals(score_map(scores))
    index = torch.tensor([(n, b, e) for n in range(2) for b in range(50) for e in range(b, 50)]).T
    found = Posterior.under(scores, 16).of_intervals(*index)
    np.testing.assert_allclose(found, expected[tuple(index)], atol=1e-10)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("factor", [0, 1, 2])
def test_what_is_no_number_gives_no_number_and_no_error(factor: int, value: float):
    """Training that diverges is explained by its caller, which looks at the loss."""
    scores = factored(2, 9, torch.float32, 0)
    with torch.no_grad():
        scores.factors[factor][1, 4] = value
    log_z = log_partition_factored(scores)
    assert not log_z.isfinite().all()
    assert not all(gradient.isfinite().all() for gradient in gradients(log_z, scores))
