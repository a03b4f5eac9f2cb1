"""From what the network says and the user knows to beats: the lattice with its constraints, solved exactly."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from pianotrans.errors import ScoreError
from pianotrans.score.beats.constraints import SAME_S, Constraints
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.beats.lattice import BarStates, Lattice, Pairs
from pianotrans.score.beats.network import BeatLogits
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.beats.periods import LONGEST_S, SHORTEST_S
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.score.beats.recursion import best_path, sum_paths
from pianotrans.score.meter.network import MeterLogits
from pianotrans.score.meter.potentials import place_potentials

Hearing = Callable[[Array], MeterLogits]
"""What the meter network says of a piece's beats at these times."""

_WRONG_BARS = 0.4
"""How often all bars of a piece are heard in the wrong places, however certain it seems: fitted on validation."""
_T = TypeVar("_T")
_CONTRADICTION = "no way to put beats agrees with all that is given ({}). Leave one of them out."


@dataclass(frozen=True, eq=False)
class _Places:
    """Where beats may fall: times (n,), and for each the moment whose logits it has."""

    time_s: Array
    moment: Integers

    def with_times(self, times_s: tuple[float, ...]) -> Self:
        """Adds given times that are near no place."""
        far = [t for t in times_s if np.min(np.abs(self.time_s - t), initial=np.inf) > SAME_S]
        time_s = np.concatenate([self.time_s, far])
        moment = np.concatenate([self.moment, self.moment[self.nearest(far)]])
        order = np.argsort(time_s, kind="stable")
        return replace(self, time_s=time_s[order], moment=moment[order])

    def nearest(self, times_s: list[float] | tuple[float, ...] | Array) -> Integers:
        """The place nearest to each time."""
        distance_s = np.abs(self.time_s[:, None] - np.asarray(times_s, dtype=float)[None])
        return distance_s.argmin(axis=0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Stretch:
    """The beats of a part of the piece, (n_beats,): where they are, their states, and how certain they are."""

    places: _Places
    states: Integers
    confidence: Array
    downbeat_confidence: Array


@dataclass(frozen=True, eq=False)
class _BeatFinder:
    """Puts beats and bars where the networks hear them."""

    time_s: Array
    logits: BeatLogits
    potentials: BeatPotentials
    hear: Hearing | None

    def find(self, given: Constraints) -> BeatGrid:
        """The best beats and bars that the constraints allow."""
        stretches = self._solve_each(given, _solve)
        if self.hear is not None and stretches:
            stretches = self._hear_bars(stretches, given, self.hear)
        beats: list[Beat] = []
        for stretch in stretches:
            beats += _beats(stretch, given.bars, after=beats[-1].bar if beats else None)
        return BeatGrid(tuple(beats))

    def outline(self, given: Constraints) -> float | None:
        """The median tempo of the best beats, in beats a minute; None if there are none."""
        periods_s = self._solve_each(given, _best_periods)
        if not periods_s:
            return None
        return 60 / float(np.clip(np.median(np.concatenate(periods_s)), SHORTEST_S, LONGEST_S))

    def _solve_each(
        self, given: Constraints, solve: Callable[[_Places, Lattice, Constraints], list[_T]]
    ) -> list[_T]:
        """What `solve` finds in the stretches between long silences."""
        takes_all = given.hints.beats is not None
        places, breaks = self._places(given.hints)
        found: list[_T] = []
        for part in np.split(np.arange(len(places.time_s)), breaks):
            here = _Places(places.time_s[part], places.moment[part])
            index = Pairs.neighbours(here.time_s) if takes_all else Pairs.of(here.time_s)
            lattice = self._lattice(here, index, given.bars)
            lattice = given.restrict(lattice, here.time_s, takes_all=takes_all, is_first=not found)
            found += solve(here, lattice, given)
        return found

    def _places(self, hints: BeatHints) -> tuple[_Places, Integers]:
        """Where beats may be, and before which of these places a silence is too long for a beat."""
        places = _Places(self.time_s, np.arange(len(self.time_s)))
        if hints.beats is not None:
            return _Places(hints.beats.times_s, places.nearest(hints.beats.times_s)), np.zeros(0, np.int64)
        places = places.with_times(hints.downbeats_s)
        return places, np.flatnonzero(np.diff(places.time_s) > LONGEST_S) + 1

    def _lattice(self, places: _Places, index: Pairs, bars: BarStates) -> Lattice:
        here = BeatLogits(*(x[torch.as_tensor(places.moment)] for x in self.logits))
        with torch.no_grad():
            nodes, pairs, tempo, moves = (x.double().numpy() for x in self.potentials(here, index, bars))
        nothing = np.zeros(len(nodes))
        return Lattice(index, nodes, pairs, tempo, moves, nothing, nothing, np.zeros(bars.n_states))

    def _hear_bars(self, stretches: list[_Stretch], given: Constraints, hear: Hearing) -> list[_Stretch]:
        """The same beats in the bars that are heard in them, under the same constraints."""
        heard = place_potentials(hear(np.concatenate([one.places.time_s for one in stretches])), given.bars)
        ends = np.cumsum([len(one.states) for one in stretches])
        wrong = 0.0 if given.hints.downbeats_s or given.hints.pickup is not None else _WRONG_BARS
        changed: list[_Stretch] = []
        for stretch, more in zip(stretches, np.split(heard, ends[:-1]), strict=True):
            time_s = stretch.places.time_s
            lattice = self._lattice(stretch.places, Pairs.neighbours(time_s), given.bars)
            lattice = replace(lattice, nodes=lattice.nodes + more)
            lattice = given.restrict(lattice, time_s, takes_all=True, is_first=not changed)
            (bars,) = _solve(stretch.places, lattice, given)
            by_chance = 1 / given.bars.meter[bars.states]
            confidence = stretch.confidence * ((1 - wrong) * bars.downbeat_confidence + wrong * by_chance)
            changed.append(replace(stretch, states=bars.states, downbeat_confidence=confidence))
        return changed


def decode_beats(
    time_s: Array,
    logits: BeatLogits,
    potentials: BeatPotentials,
    hints: BeatHints | None = None,
    hear: Hearing | None = None,
) -> BeatGrid:
    """The best beats and bars of moments at `time_s` (n_moments,), given the network's logits of one piece.

    `hear` says in which bars beats lie, once these are found; without it the network's downbeats alone decide.
    Where no tempo is given, the best beats are sought twice: the second time they are drawn to the median tempo of
    the first, so that they keep to one level throughout. Silences longer than a beat can last divide the piece into
    stretches; nothing else ties their tempi together.
    Raises ScoreError where no beats agree with all hints.
    """
    hints = hints or BeatHints()
    if len(time_s) < 2:
        return BeatGrid()
    if hints.tempo_factor != 1:
        free = decode_beats(time_s, logits, potentials, replace(hints, tempo_factor=1.0), hear)
        hints = replace(hints, tempo_factor=1.0, bpm=None if free.bpm is None else free.bpm * hints.tempo_factor)
    if hints.beats is not None and hints.beats.is_downbeat is not None:
        return given_grid(hints.beats.times_s, hints.beats.is_downbeat)
    finder = _BeatFinder(time_s, logits, potentials, hear)
    starts_s = [-np.inf]  # of the meters
    is_free = hints.beats is None and hints.bpm is None
    found_bpm = finder.outline(Constraints(hints, starts_s)) if is_free else None
    for n_known in range(1, len(hints.meters)):
        grid = finder.find(Constraints(replace(hints, meters=hints.meters[:n_known]), starts_s, found_bpm))
        bar = hints.meters[n_known][0]
        starts_s.append(next((beat.time_s for beat in grid.beats if beat.bar == bar), np.inf))
    return finder.find(Constraints(hints, starts_s, found_bpm))


def _best_periods(places: _Places, lattice: Lattice, given: Constraints) -> list[Array]:
    """The times between beats of the best path."""
    path = best_path(lattice)
    return [np.diff(places.time_s[path.moments])] if path is not None else _nothing_found(lattice, given)


def _nothing_found(lattice: Lattice, given: Constraints) -> list[Any]:
    """No beats; raises ScoreError where it is the hints that forbid all."""
    named = [name for name, value in vars(given.hints).items() if value != getattr(BeatHints(), name)]
    if named and lattice.pairs_index.n_pairs:
        raise ScoreError(_CONTRADICTION.format(", ".join(named)))
    return []


def _solve(places: _Places, lattice: Lattice, given: Constraints) -> list[_Stretch]:
    """The beats of the best path; none where there is no path and nothing is given."""
    path, marginals = best_path(given.keep_tempo(lattice)), sum_paths(lattice)
    if path is None or marginals is None:
        return _nothing_found(lattice, given)
    beats = _Places(places.time_s[path.moments], places.moment[path.moments])
    of_downbeats = marginals.nodes[:, given.bars.position == 0].sum(axis=1)
    confidence, downbeat_confidence = (
        _probability_near(places.time_s, probability, beats.time_s)
        for probability in (marginals.nodes.sum(axis=1), of_downbeats)
    )
    return [_Stretch(beats, path.states, confidence, downbeat_confidence)]


def _beats(stretch: _Stretch, bars: BarStates, after: int | None) -> list[Beat]:
    """`after` is the last bar before the stretch, None if there is none."""
    positions = bars.position[stretch.states]
    bar = np.cumsum(positions == 0) + (after or 0)
    if after is not None and positions[0] != 0:
        bar += 1  # a bar whose beginning is missing
    columns = (
        stretch.places.time_s,
        bar,
        positions,
        bars.meter[stretch.states],
        stretch.confidence,
        stretch.downbeat_confidence,
    )
    return [Beat(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _probability_near(time_s: Array, probability: Array, times_s: Array) -> Array:
    """The sum of probabilities within `SAME_S` of each time, at most 1."""
    total = np.concatenate([[0.0], np.cumsum(probability)])
    low, high = np.searchsorted(time_s, times_s - SAME_S), np.searchsorted(time_s, times_s + SAME_S, side="right")
    near: Array = np.clip(total[high] - total[low], 0, 1)
    return near


def given_grid(times_s: Array, is_downbeat: NDArray[np.bool_]) -> BeatGrid:
    """Beats and bars that are given, as they are; both (n_beats,)."""
    bar = np.cumsum(is_downbeat)
    starts = np.flatnonzero(is_downbeat)
    length = np.bincount(bar)
    beats = []
    for i, time_s in enumerate(times_s.tolist()):
        n_beats = int(length[bar[i]])
        position = i - starts[bar[i] - 1] if bar[i] else -n_beats + i
        if not bar[i]:  # the pickup ends a bar of the first meter, if that is longer
            n_beats = max(n_beats + 1, int(length[1]) if len(length) > 1 else 0)
            position = n_beats - int(length[0]) + i
        beats.append(Beat(time_s, int(bar[i]), int(position), n_beats, 1.0, float(is_downbeat[i])))
    return BeatGrid(tuple(beats))
