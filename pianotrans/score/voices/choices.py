"""What can be done with an onset, given what is held there: the steps of the dynamic programme."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pianotrans.score.beats.notes import Array
from pianotrans.score.voices.costs import CROSSING, SECOND_VOICE, STILL_TWO, VECTOR
from pianotrans.score.voices.ends import Onset

UPPER, LOWER = 1, 2
_IMPOSSIBLE = 1e6
_MOST_TRIED = 4  # held ends that are looked at for each group of notes; the cheapest ones


@dataclass(frozen=True, slots=True)
class Held:
    """What lasts at an onset: a chord in `voice` until `end`; voice 0 for none.

    `was_two` says whether two voices were used just before.
    """

    voice: int = 0
    end: int = 0
    was_two: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Notes from number `n_lower` on are in the upper voice and end at `upper_end`, those below at `lower_end`."""

    n_lower: int
    lower_end: int
    upper_end: int


class OnsetOptions:
    """The costs of an onset's ends, and the steps that they allow."""

    def __init__(self, onset: Onset) -> None:
        self.onset = onset
        costs = onset.features @ VECTOR + _IMPOSSIBLE * ~onset.possible
        self._below = np.zeros((len(onset.notes) + 1, len(onset.ends)))  # of the lowest n notes
        self._below[1:] = np.cumsum(costs, axis=0)
        self._crossing = {UPPER: _sums(onset.above), LOWER: _sums(onset.below)}

    def steps(self, held: Held) -> Iterator[tuple[float, Choice, Held]]:
        """(cost, what is done, what lasts at the next onset) for everything that can be done."""
        onset, n = self.onset, len(self.onset.notes)
        goes_on = held if held.end > onset.following else Held(was_two=held.voice != 0)
        start = STILL_TWO if held.voice or held.was_two else SECOND_VOICE
        voices = (LOWER + UPPER - held.voice,) if held.voice else (UPPER, LOWER)
        cost, end = self._short(0, n)
        yield cost, _together(voices[0], n, end), goes_on
        if held.end > onset.following:
            return
        for voice in voices:
            for cost, end in self._held(0, n, voice):
                yield cost + start, _together(voice, n, end), Held(voice, end)
        for n_lower in range(1, n) if not held.voice else ():
            lower, lower_end = self._short(0, n_lower)
            upper, upper_end = self._short(n_lower, n)
            for cost, end in self._held(n_lower, n, UPPER):
                yield cost + lower + start, Choice(n_lower, lower_end, end), Held(UPPER, end)
            for cost, end in self._held(0, n_lower, LOWER):
                yield cost + upper + start, Choice(n_lower, end, upper_end), Held(LOWER, end)

    def _short(self, first: int, last: int) -> tuple[float, int]:
        """The cheapest end before the next onset, for the notes from `first` up to `last`."""
        costs = (self._below[last] - self._below[first])[: self.onset.n_short]
        best = int(np.argmin(costs))
        return float(costs[best]), self.onset.ends[best]

    def _held(self, first: int, last: int, voice: int) -> list[tuple[float, int]]:
        """The cheapest ends behind the next onset."""
        crossing = self._crossing[voice]
        costs = self._below[last] - self._below[first] + CROSSING * (crossing[last] - crossing[first])
        held = costs[self.onset.n_short :].tolist()
        ends = self.onset.ends[self.onset.n_short :]
        possible = [(cost, end) for cost, end in zip(held, ends, strict=True) if cost < _IMPOSSIBLE / 2]
        return sorted(possible)[:_MOST_TRIED]


def choose(options: list[OnsetOptions]) -> list[Choice]:
    """The cheapest choices, one for each onset of a staff. Exact; about 20 steps for every state of an onset."""
    best: dict[Held, float] = {Held(): 0.0}
    trails: list[dict[Held, tuple[Held, Choice]]] = []
    for option in options:
        reached: dict[Held, float] = {}
        trail: dict[Held, tuple[Held, Choice]] = {}
        for before, spent in best.items():
            for cost, choice, after in option.steps(before):
                if spent + cost < reached.get(after, np.inf):
                    reached[after] = spent + cost
                    trail[after] = before, choice
        best = reached
        trails.append(trail)
    choices = []
    state = min(best, key=lambda held: best[held])
    for trail in reversed(trails):
        state, choice = trail[state]
        choices.append(choice)
    return choices[::-1]


def _together(voice: int, n: int, end: int) -> Choice:
    return Choice(0 if voice == UPPER else n, end, end)


def _sums(values: Array) -> Array:
    sums: Array = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return sums
