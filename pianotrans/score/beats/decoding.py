"""From what the network says and the user knows to beats: the lattice with its constraints, solved exactly."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch

from pianotrans.errors import ScoreError
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import BeatHints, GivenBeats
from pianotrans.score.beats.lattice import BarStates, BeatMarginals, BeatPath, Lattice, Pairs
from pianotrans.score.beats.network import BeatLogits
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.beats.periods import LONGEST_S
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.score.beats.recursion import best_path, sum_paths

USUAL_METERS = (2, 3, 4)  # beats in a bar, where nothing is given
_SAME_S = 0.07  # a downbeat is given for the nearest moment at most this far off
_CONTRADICTION = "no way to put beats agrees with all that is given ({}). Leave one of them out."


@dataclass(frozen=True, eq=False)
class _Places:
    """Where beats may fall: times (n,), and for each the moment whose logits it has."""

    time_s: Array
    moment: Integers

    def with_times(self, times_s: tuple[float, ...]) -> Self:
        """Adds given times that are near no place."""
        far = [t for t in times_s if np.min(np.abs(self.time_s - t), initial=np.inf) > _SAME_S]
        time_s = np.concatenate([self.time_s, far])
        moment = np.concatenate([self.moment, self.moment[self.nearest(far)]])
        order = np.argsort(time_s, kind="stable")
        return replace(self, time_s=time_s[order], moment=moment[order])

    def nearest(self, times_s: list[float] | tuple[float, ...] | Array) -> Integers:
        """The place nearest to each time."""
        distance_s = np.abs(self.time_s[:, None] - np.asarray(times_s, dtype=float)[None])
        return distance_s.argmin(axis=0).astype(np.int64)


def decode_beats(
    time_s: Array, logits: BeatLogits, potentials: BeatPotentials, hints: BeatHints | None = None
) -> BeatGrid:
    """The best beats and bars of moments at `time_s` (n_moments,), given the network's logits of one piece.

    Silences longer than a beat can last divide the piece into stretches that know nothing of each other's tempo.
    Raises ScoreError where no beats agree with all hints.
    """
    hints = hints or BeatHints()
    if len(time_s) < 2:
        return BeatGrid()
    if hints.tempo_factor != 1:
        free = decode_beats(time_s, logits, potentials, replace(hints, tempo_factor=1.0))
        hints = replace(hints, tempo_factor=1.0, bpm=None if free.bpm is None else free.bpm * hints.tempo_factor)
    if hints.beats is not None and hints.beats.is_downbeat is not None:
        return _given_grid(hints.beats, hints.beats.is_downbeat)
    starts_s = [-np.inf]  # of the meters
    for n_known in range(1, len(hints.meters)):
        grid = _decode(time_s, logits, potentials, replace(hints, meters=hints.meters[:n_known]), starts_s)
        bar = hints.meters[n_known][0]
        starts_s.append(next((beat.time_s for beat in grid.beats if beat.bar == bar), np.inf))
    return _decode(time_s, logits, potentials, hints, starts_s)


def _decode(
    time_s: Array, logits: BeatLogits, potentials: BeatPotentials, hints: BeatHints, starts_s: list[float]
) -> BeatGrid:
    places = _Places(time_s, np.arange(len(time_s)))
    if hints.beats is not None:
        places = _Places(hints.beats.times_s, places.nearest(hints.beats.times_s))
    places = places.with_times(hints.downbeats_s) if hints.beats is None else places
    bars = BarStates(tuple(sorted({meter.n_beats for _, meter in hints.meters})) or USUAL_METERS)
    breaks: Integers | list[int] = (
        [] if hints.beats is not None else np.flatnonzero(np.diff(places.time_s) > LONGEST_S) + 1
    )
    beats: list[Beat] = []
    for part in np.split(np.arange(len(places.time_s)), breaks):
        section = _Places(places.time_s[part], places.moment[part])
        lattice = _lattice(section, logits, potentials, bars, hints, starts_s, is_first=not beats)
        beats += _solve(section, lattice, bars, hints, after=beats[-1].bar if beats else None)
    return BeatGrid(tuple(beats))


def _lattice(
    places: _Places,
    logits: BeatLogits,
    potentials: BeatPotentials,
    bars: BarStates,
    hints: BeatHints,
    starts_s: list[float],
    *,
    is_first: bool,
) -> Lattice:
    time_s = places.time_s
    is_given = hints.beats is not None
    index = Pairs.neighbours(time_s) if is_given else Pairs.of(time_s)
    here = BeatLogits(*(x[torch.as_tensor(places.moment)] for x in logits))
    with torch.no_grad():
        nodes, pairs, tempo, moves = (x.double().numpy() for x in potentials(here, index, bars))
    nodes, pairs = nodes.copy(), pairs + hints.tempo_potential(index.log_period)
    for (_, meter), start_s, end_s in zip(hints.meters, starts_s, [*starts_s[1:], np.inf], strict=False):
        within = (time_s >= start_s) & (time_s < end_s)
        nodes[np.ix_(within, bars.meter != meter.n_beats)] = -np.inf
    downbeats = [t for t in hints.downbeats_s if np.min(np.abs(time_s - t)) <= _SAME_S]
    forced = places.nearest(downbeats)
    nodes[np.ix_(forced, bars.position != 0)] = -np.inf
    pairs = np.where(index.over(forced.tolist()), -np.inf, pairs)
    start = np.where(time_s - time_s[0] <= LONGEST_S, 0.0, -np.inf)
    end = np.where(time_s[-1] - time_s <= LONGEST_S, 0.0, -np.inf)
    if is_given:
        start[1:], end[:-1] = -np.inf, -np.inf
    if len(forced):
        start[forced.min() + 1 :] = -np.inf
        end[: forced.max()] = -np.inf
    first = np.zeros(bars.n_states)
    if hints.pickup is not None and is_first:
        first[bars.position != (bars.meter - hints.pickup) % bars.meter] = -np.inf
        first[bars.meter <= hints.pickup] = -np.inf
    return Lattice(index, nodes, pairs, tempo, moves, start, end, first)


def _solve(places: _Places, lattice: Lattice, bars: BarStates, hints: BeatHints, after: int | None) -> list[Beat]:
    """The beats of the best path; `after` is the last bar before it, None if there is none."""
    path, marginals = best_path(lattice), sum_paths(lattice)
    if path is None or marginals is None:
        given = [name for name, value in vars(hints).items() if value != getattr(BeatHints(), name)]
        if given and lattice.pairs_index.n_pairs:
            raise ScoreError(_CONTRADICTION.format(", ".join(given)))
        return []
    return _beats(places.time_s, path, marginals, bars, after)


def _beats(
    time_s: Array, path: BeatPath, marginals: BeatMarginals, bars: BarStates, after: int | None
) -> list[Beat]:
    positions = bars.position[path.states]
    bar = np.cumsum(positions == 0) + (after or 0)
    if after is not None and positions[0] != 0:
        bar += 1  # a bar whose beginning is missing
    times_s = time_s[path.moments]
    at_beat = _probability_near(time_s, marginals.nodes.sum(axis=1), times_s)
    at_downbeat = _probability_near(time_s, marginals.nodes[:, bars.position == 0].sum(axis=1), times_s)
    columns = (times_s, bar, positions, bars.meter[path.states], at_beat, at_downbeat)
    return [Beat(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _probability_near(time_s: Array, probability: Array, times_s: Array) -> Array:
    """The sum of probabilities within `_SAME_S` of each time, at most 1."""
    total = np.concatenate([[0.0], np.cumsum(probability)])
    low, high = np.searchsorted(time_s, times_s - _SAME_S), np.searchsorted(time_s, times_s + _SAME_S, side="right")
    near: Array = np.clip(total[high] - total[low], 0, 1)
    return near


def _given_grid(given: GivenBeats, is_downbeat: np.ndarray) -> BeatGrid:
    """Beats and bars that are given, as they are."""
    bar = np.cumsum(is_downbeat)
    starts = np.flatnonzero(is_downbeat)
    length = np.bincount(bar)
    beats = []
    for i, time_s in enumerate(given.times_s.tolist()):
        n_beats = int(length[bar[i]])
        position = i - starts[bar[i] - 1] if bar[i] else -n_beats + i
        if not bar[i]:  # the pickup ends a bar of the first meter, if that is longer
            n_beats = max(n_beats + 1, int(length[1]) if len(length) > 1 else 0)
            position = n_beats - int(length[0]) + i
        beats.append(Beat(time_s, int(bar[i]), int(position), n_beats, 1.0, float(is_downbeat[i])))
    return BeatGrid(tuple(beats))
