"""How certain a mean over pieces is, and whether two systems differ: by resampling pieces, with a stated seed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

N_RESAMPLES = 10_000
SEED = 0
_EXACT_UP_TO = 14  # pieces: 16 384 ways to choose the signs
_BATCH = 500  # resamples at a time, to bound memory


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def bootstrap_interval(values: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> Interval | None:
    """The percentile bootstrap interval (95 %) of the mean of one value for each piece; None for fewer than two.

    Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13. With few pieces it is too narrow.
    """
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return None
    from scipy.stats import bootstrap

    found = bootstrap(
        (sample,),
        np.mean,
        method="percentile",
        n_resamples=n_resamples,
        batch=_BATCH,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def sign_flip_p(differences: ArrayLike, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> float:
    """The two-sided p value of the paired permutation test that the mean difference is 0.

    If the two systems were equally good, each piece's difference could as well have had the other sign. p is
    the share of all choices of signs whose mean is at least as far from 0: of all of them up to 14 pieces, else of
    `n_resamples` random ones and the given one. 1.0 for no pieces.
    """
    given = np.asarray(differences, dtype=np.float64)
    if len(given) < 2:
        return 1.0  # either sign is as far
    from scipy.stats import permutation_test

    return float(
        permutation_test(
            (given,),
            _distance,
            permutation_type="samples",
            alternative="greater",  # two-sided, as distances are compared; "two-sided" would double one tail
            n_resamples=np.inf if len(given) <= _EXACT_UP_TO else n_resamples,
            batch=_BATCH,
            rng=np.random.default_rng(seed),
        ).pvalue
    )


def _distance(differences: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(np.abs(differences.mean(axis=axis)))
