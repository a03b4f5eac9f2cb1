"""How sure a mean over pieces is, and whether two systems differ: by resampling pieces, with a stated seed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

N_RESAMPLES = 10_000
SEED = 0
_EXACT_UP_TO = 14  # pieces: 16 384 ways to choose the signs
_CHUNK = 500  # resamples at a time, to bound memory


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def bootstrap_interval(values: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> Interval | None:
    """The percentile bootstrap interval (95 %) of the mean of one value for each piece; None for less than two.

    Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13. With few pieces it is too narrow.
    """
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return None
    rng = np.random.default_rng(seed)
    means = np.concatenate(
        [
            sample[rng.integers(len(sample), size=(min(_CHUNK, n_resamples - done), len(sample)))].mean(axis=1)
            for done in range(0, n_resamples, _CHUNK)
        ]
    )
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high))


def sign_flip_p(differences: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> float:
    """The two-sided p value of the paired permutation test that the mean difference is 0.

    If the two systems were equally good, each piece's difference could as well have had the other sign. p is
    the part of all choices of signs whose mean is at least as far from 0: of all of them up to 14 pieces, else of
    `n_resamples` random ones and the given one. 1.0 for no pieces.
    """
    given = np.asarray(differences, dtype=np.float64)
    n = len(given)
    if n <= _EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        totals = np.abs(signs @ given)
        n_as_far, n_all = int(_as_far(totals, given).sum()), len(totals)
    else:
        rng = np.random.default_rng(seed)
        n_as_far, n_all = 1, 1 + n_resamples
        for done in range(0, n_resamples, _CHUNK):
            signs = 1 - 2 * rng.integers(2, size=(min(_CHUNK, n_resamples - done), n))
            n_as_far += int(_as_far(np.abs(signs @ given), given).sum())
    return n_as_far / n_all


def _as_far(totals: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Whether totals reach the given one; sums that differ only in the order of addition count as equal."""
    return np.asarray(totals >= abs(given.sum()) - 1e-12)
