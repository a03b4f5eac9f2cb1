"""Bins of the logarithm of a period: the seconds from one beat to the next."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers

SHORTEST_S = 0.16
LONGEST_S = 3.6
PER_OCTAVE = 8
N_PERIODS = int(np.ceil(PER_OCTAVE * np.log2(LONGEST_S / SHORTEST_S))) + 1
"""Bin i stands for SHORTEST_S · 2^(i / PER_OCTAVE)."""


def bin_position(period_s: Array) -> Array:
    """Where periods lie among the bins, 0 … N_PERIODS - 1; fractions lie between two bins."""
    position: Array = PER_OCTAVE * np.log2(np.maximum(period_s, 1e-6) / SHORTEST_S)
    clipped: Array = np.clip(position, 0, N_PERIODS - 1)
    return clipped


def bin_shares(period_s: Array) -> list[tuple[Integers, Array]]:
    """The two bins beside each period and their shares, which sum to 1; none for periods out of range."""
    position = bin_position(period_s)
    inside = (period_s >= SHORTEST_S) & (period_s <= LONGEST_S)
    low = np.minimum(position.astype(np.int64), N_PERIODS - 2)
    upper = position - low
    return [(low, (1 - upper) * inside), (low + 1, upper * inside)]


def period_targets(period_s: Array, width: float = 0.7) -> NDArray[np.float32]:
    """A bump around each period, (n, N_PERIODS), rows sum to 1; `width` is its standard deviation in bins."""
    distance = np.arange(N_PERIODS) - bin_position(period_s)[:, None]
    bump = np.exp(-0.5 * (distance / width) ** 2)
    shares: NDArray[np.float32] = (bump / bump.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
