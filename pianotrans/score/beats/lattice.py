"""All ways to put beats and bars on moments, and how good each is.

A way chooses moments i₁ < i₂ < … as beats, and a state for each: a meter of m beats and a position 0 … m-1 in the
bar. Its score is

    start[i₁] + first_states[s₁] + Σ nodes[iₙ, sₙ] + Σ pairs[iₙ, iₙ₊₁]
    + Σ tempo(log₂ of period n+1 over period n) + Σ transitions[sₙ, sₙ₊₁] + end[last i]

with log potentials throughout; -inf forbids. Two beats are `SHORTEST_S` to `LONGEST_S` apart. Since the tempo term
ties three beats together, the recursions go over pairs of beats (a semi-Markov chain of second order).

Axes: moment i, state s, pair p. The pairs that begin at moment j are first_pair[j] … first_pair[j+1] - 1, and end
at the moments first_end[j], first_end[j] + 1, … .
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.beats.periods import LONGEST_S, SHORTEST_S

TEMPO_STEP = 1 / 24  # octaves
N_TEMPO_STEPS = 25  # on either side; beyond one octave all ratios are as good as the last
_SLACK_S = 1e-9


@dataclass(frozen=True)
class BarStates:
    """The positions in bars of each of some meters, one meter after the other, each from the downbeat on."""

    meters: tuple[int, ...]

    @cached_property
    def meter(self) -> Integers:
        """Beats in the bar of every state."""
        return np.repeat(self.meters, self.meters)

    @cached_property
    def position(self) -> Integers:
        """Beats since the downbeat of every state."""
        return np.concatenate([np.arange(meter) for meter in self.meters])

    @property
    def n_states(self) -> int:
        """How many there are."""
        return sum(self.meters)

    def index(self, meter: int, position: int) -> int:
        """The number of a state."""
        return sum(self.meters[: self.meters.index(meter)]) + position

    def transitions(self, change: float, broken: float) -> Array:
        """Log potentials (n_states, n_states) from each state to the next.

        0 within a bar and into the next bar of the same meter, `change` into one of another meter, and `broken`
        into a bar before the last one is complete (plus `change` if its meter differs).
        """
        is_next = (self.meter[:, None] == self.meter) & (self.position[:, None] + 1 == self.position)
        is_last = self.position + 1 == self.meter
        table = np.where(is_next, 0.0, -np.inf)
        into_bar = np.where(is_last, 0.0, broken)[:, None] + np.where(self.meter[:, None] == self.meter, 0, change)
        return np.where(self.position == 0, into_bar, table)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which moments may be neighbouring beats, and log₂ of the period of every such pair."""

    first_pair: Integers  # (n_moments + 1,)
    first_end: Integers  # (n_moments,)
    log_period: Array  # (n_pairs,)

    @classmethod
    def of(cls, time_s: Array) -> "Pairs":
        """All pairs whose distance a beat may have."""
        low = np.searchsorted(time_s, time_s + SHORTEST_S - _SLACK_S)
        high = np.searchsorted(time_s, time_s + LONGEST_S + _SLACK_S)
        return cls._between(time_s, low, high)

    @classmethod
    def neighbours(cls, time_s: Array) -> "Pairs":
        """Each moment and the next, however far apart."""
        low = np.arange(1, len(time_s) + 1)
        return cls._between(time_s, low, np.minimum(low + 1, len(time_s)))

    @classmethod
    def _between(cls, time_s: Array, low: Integers, high: Integers) -> "Pairs":
        first_pair = np.concatenate([[0], np.cumsum(high - low)])
        pairs = cls(first_pair, low, np.zeros(0))
        return cls(first_pair, low, np.log2(time_s[pairs.end] - time_s[pairs.begin]))

    @property
    def n_pairs(self) -> int:
        """How many there are."""
        return int(self.first_pair[-1])

    @cached_property
    def begin(self) -> Integers:
        """The moment at which each pair begins."""
        return np.repeat(np.arange(len(self.first_end)), np.diff(self.first_pair))

    @cached_property
    def end(self) -> Integers:
        """The moment at which each pair ends."""
        return self.first_end[self.begin] + np.arange(self.n_pairs) - self.first_pair[self.begin]

    def find(self, begin: Integers, end: Integers) -> Integers:
        """The numbers of pairs that are known to exist."""
        return self.first_pair[begin] + end - self.first_end[begin]

    def over(self, moments: Iterable[int]) -> NDArray[np.bool_]:
        """Which pairs jump over one of the moments."""
        jumps = np.zeros(self.n_pairs, dtype=bool)
        for moment in moments:
            jumps |= (self.begin < moment) & (self.end > moment)
        return jumps


@dataclass(frozen=True, eq=False)
class Lattice:
    """The log potentials of all ways to put beats on moments (see above)."""

    pairs_index: Pairs
    nodes: Array  # (n_moments, n_states)
    pairs: Array  # (n_pairs,)
    tempo: Array  # (2 N_TEMPO_STEPS + 1,), the middle one for equal periods
    transitions: Array  # (n_states, n_states)
    start: Array  # (n_moments,)
    end: Array  # (n_moments,)
    first_states: Array  # (n_states,): in which state the first beat may be


@dataclass(frozen=True, eq=False)
class BeatPath:
    """One way: the moments that are beats, the state of each, and its score."""

    moments: Integers
    states: Integers
    score: float


@dataclass(frozen=True, eq=False)
class BeatMarginals:
    """The log partition, and under its distribution what is expected.

    The probability that a moment is a beat in a state, `nodes` (n_moments, n_states); that two moments are
    neighbouring beats, `pairs` (n_pairs,); how often each tempo ratio and each transition occurs.
    """

    log_partition: float
    nodes: Array
    pairs: Array
    tempo: Array
    transitions: Array


def tempo_bin(log_ratio: Array) -> Integers:
    """The entry of the tempo table for log₂ of one period over the one before."""
    bins = np.floor(log_ratio / TEMPO_STEP + 0.5).astype(np.int64) + N_TEMPO_STEPS
    return np.clip(bins, 0, 2 * N_TEMPO_STEPS)
