"""Smooth values along a piece."""

import numpy as np

from pianotrans.score.beats.notes import Array


def moving_mean(values: Array, reach: int) -> Array:
    """The mean over each value and `reach` of them on either side, as far as there are, (n,)."""
    n = len(values)
    total = np.concatenate([[0.0], np.cumsum(values)])
    low, high = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    mean: Array = (total[high] - total[low]) / (high - low)
    return mean
