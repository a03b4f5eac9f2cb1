"""Intervals and p values, against scipy and against enumeration."""

from itertools import product

import numpy as np
import pytest
import scipy.stats

from pianotrans.evaluation.bootstrap import bootstrap_interval, sign_flip_p


@pytest.mark.parametrize("n", [5, 30, 200])
def test_the_interval_is_scipys_percentile_bootstrap(n):
    values = np.random.default_rng(n).beta(8, 2, n)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    ours = bootstrap_interval(values)
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.03 * values.std())


def test_the_interval_of_two_pieces_is_enumerable():
    assert bootstrap_interval([0.2, 0.6]) == pytest.approx((0.2, 0.6))


def test_the_seed_decides():
    values = np.random.default_rng(0).random(20)
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)
    assert sign_flip_p(values - 0.4, seed=1) == sign_flip_p(values - 0.4, seed=1)


@pytest.mark.parametrize("n_resamples", [2, 499, 500, 501])
def test_any_number_of_resamples(n_resamples):
    low, high = bootstrap_interval([0.0, 1.0, 0.5], n_resamples=n_resamples)
    assert 0 <= low <= high <= 1


def test_one_piece_has_no_interval():
    assert bootstrap_interval([]) is None
    assert bootstrap_interval([0.5]) is None
    assert bootstrap_interval([0.5, 0.5]) == (0.5, 0.5)


def by_enumeration(differences) -> float:
    totals = [
        abs(sum(a * b for a, b in zip(signs, differences, strict=True)))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(total >= abs(sum(differences)) - 1e-12 for total in totals) / len(totals)


@pytest.mark.parametrize("n", range(1, 10))
def test_few_pieces_are_enumerated(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n).round(1)
    assert sign_flip_p(differences) == by_enumeration(differences.tolist())


@pytest.mark.parametrize("n", [13, 14, 15, 60])
def test_p_is_scipys(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    theirs = scipy.stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(0)
    ).pvalue
    assert sign_flip_p(differences) == pytest.approx(theirs, abs=0.015)


def test_no_difference_is_no_evidence_and_a_clear_one_is():
    assert sign_flip_p([]) == 1.0
    assert sign_flip_p([0.0] * 20) == 1.0
    assert sign_flip_p([0.5]) == 1.0
    assert sign_flip_p([0.1] * 10) == 2 / 1024
    assert sign_flip_p([0.1] * 40) == pytest.approx(1 / 10_001)
    assert sign_flip_p([-0.1] * 10) == sign_flip_p([0.1] * 10)
