"""What rhythms are common, and how exactly they are played: counts from annotated performances.

`tests/benchmarks/learn_rhythm.py` makes the file `counts.npz` from the training split of (n)ASAP.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from pianotrans.score.beats.notes import Array
from pianotrans.score.rhythm.recursion import NEVER, RhythmCosts

DIVISIONS = np.array([1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16])
"""Of a beat, as the recursions number them. The two of 1 differ in what is usual around them: duple or triple."""

DUPLE_ONE, TRIPLE_ONE = 0, 1
MOST_POINTS = int(DIVISIONS.max())

_DRIFTS = np.array([-0.16, -0.08, -0.04, 0.0, 0.04, 0.08, 0.16])
_DRIFT_SHARES = np.array([0.005, 0.03, 0.14, 0.65, 0.14, 0.03, 0.005])
_FREEDOM = 4.0
_AT_BEAT_S, _AT_BEAT_BEATS = 0.01, 0.02  # the width of deviations: one part in seconds, one in beats
_INSIDE_S, _INSIDE_BEATS = 0.01, 0.03

# From the share of the ways that agree on a place to how often it is right: logistic regression on the log odds of
# the share (Platt, Advances in Large Margin Classifiers, 1999), fitted to 21 validation pieces of (n)ASAP with true
# beats. Ways are too sure of themselves: they share all decisions about the beats around.
_CALIBRATION_SLOPE, _CALIBRATION_OFFSET = 0.39, -0.70
_LEAST_DOUBT = 1e-6

# How many beats of a piece weigh as much as what is common
_TRUST_STRUCK, _TRUST_MOVES, _TRUST_SHARES, _TRUST_PAIRS = 60.0, 60.0, 100.0, 300.0


@dataclass(frozen=True, eq=False)
class RhythmCounts:
    """How often what occurred, with N divisions.

    `struck` (N, MOST_POINTS, 2, 2) says for each point of a division how often it was empty and struck, if the one
    before was empty or struck; `moves` (N, N) is from a beat to the next; `pairs` (N, N) the right and left hand.
    """

    struck: Array
    moves: Array
    pairs: Array


def calibrate(share: Array) -> Array:
    """The probability that a place is right, by the share of the ways of `recursion.agreement` that lead there."""
    share = np.clip(share, _LEAST_DOUBT, 1 - _LEAST_DOUBT)
    log_odds = _CALIBRATION_SLOPE * (np.log(share) - np.log1p(-share)) + _CALIBRATION_OFFSET
    probability: Array = 1 / (1 + np.exp(-log_odds))
    return probability


@dataclass(frozen=True, eq=False)
class RhythmModel:
    """What was learned from annotated performances.

    `roles` (n_features, 3) are the weights of a logistic regression: is a note the first at its point, another of
    the chord there, or not written? `counts` are those of training.
    """

    roles: Array
    counts: RhythmCounts

    @classmethod
    def load(cls) -> Self:
        """The one that is shipped."""
        return cls(*_load())

    def role_scores(self, features: Array) -> Array:
        """Log-probabilities (n_notes, 3)."""
        logits = features @ self.roles
        logits -= logits.max(axis=1, keepdims=True)
        scores: Array = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return 1.2 * np.maximum(scores, -20.0)

    def costs(
        self, period_s: Array, seen: RhythmCounts | None = None, subdivisions: tuple[int, ...] | None = None
    ) -> RhythmCosts:
        """For beats of these lengths, (n_beats,), if `seen` was counted in the same piece.

        Only `subdivisions` are allowed, and beats that are not divided.
        """
        moves, pairs = self._moves(seen), self._pairs(seen)
        if subdivisions is not None:
            moves[:, [n != 1 and n not in subdivisions for n in DIVISIONS]] = NEVER
        widths = [
            np.hypot(_AT_BEAT_S / period_s, _AT_BEAT_BEATS),
            np.hypot(_INSIDE_S / period_s, _INSIDE_BEATS),
        ]
        return RhythmCosts(
            DIVISIONS,
            _jumps(self._struck(seen)),
            moves,
            pairs,
            _DRIFTS,
            np.log(_DRIFT_SHARES),
            np.stack(widths, axis=1),
            _FREEDOM,
        )

    def _struck(self, seen: RhythmCounts | None) -> Array:
        """The probability that a point is struck, (N, MOST_POINTS, 2)."""
        counts = self.counts.struck
        usual = counts.sum(axis=(0, 1)) / counts.sum(axis=(0, 1, 3))[:, None]
        chance = counts + 20 * usual
        chance /= chance.sum(axis=-1, keepdims=True)
        if seen is not None:
            chance = (seen.struck + _TRUST_STRUCK * chance) / (seen.struck.sum(axis=-1) + _TRUST_STRUCK)[..., None]
        return chance[..., 1]

    def _moves(self, seen: RhythmCounts | None) -> Array:
        """Log-probabilities (N, N): from a row's division to a column's."""
        counts = self.counts.moves
        usual = counts.sum(axis=0) / counts.sum()
        chance = counts + 40 * usual
        chance /= chance.sum(axis=1, keepdims=True)
        if seen is not None:
            shares = seen.moves.sum(axis=0) + _TRUST_SHARES * usual
            chance = seen.moves + _TRUST_MOVES * (chance + shares / shares.sum()) / 2
            chance /= chance.sum(axis=1, keepdims=True)
        return np.log(chance)

    def _pairs(self, seen: RhythmCounts | None) -> Array:
        """How much more often two divisions meet than chance has it, as a log ratio (N, N)."""
        shares = self.counts.moves.sum(axis=0) / self.counts.moves.sum()
        counts = (self.counts.pairs + self.counts.pairs.T) / 2 + 60 * np.outer(shares, shares)
        counts /= counts.sum()
        if seen is not None:
            counts = (seen.pairs + seen.pairs.T) / 2 + _TRUST_PAIRS * counts
            counts /= counts.sum()
        shares = counts.sum(axis=0)
        return np.log(counts / np.outer(shares, shares))


@cache
def _load() -> tuple[Array, RhythmCounts]:
    with np.load(Path(__file__).with_name("counts.npz")) as file:
        table = {name: file[name].astype(float) for name in file.files}
    return table["roles"], RhythmCounts(table["struck"], table["moves"], table["pairs"])


def _jumps(struck: Array) -> Array:
    """See `RhythmCosts`: sums along runs of empty points, with the point struck at their end."""
    jumps = np.full((len(DIVISIONS), MOST_POINTS + 1, MOST_POINTS + 2), NEVER)
    full, empty = np.log(struck), np.log1p(-struck)  # (N, MOST_POINTS, 2)
    for d, n in enumerate(DIVISIONS.tolist()):
        for start in range(n + 1):
            score, is_struck = 0.0, int(start > 0)
            for point in range(start, n):
                jumps[d, start, point + 1] = score + full[d, point, is_struck]
                score += empty[d, point, is_struck]
                is_struck = 0
            jumps[d, start, n + 1] = score
    return jumps
