"""Every way to divide a few beats, one by one: what the recursion must agree with."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from pianotrans.score.rhythm.recursion import MEMBER, SKIPPED, HandNotes, RhythmCosts

FARTHEST = 0.55  # beats from its point at which a note may stand
FREE_DIVISION, POINTS_FOR_NOTE = 4, 4  # more points need enough notes that may stand there

Places = tuple[int, ...]
"""For each note of a beat the point at which it leads, or MEMBER or SKIPPED."""


class Way(NamedTuple):
    """Divisions of both hands and drift of each beat, and the first note of each beat by hand."""

    divisions: tuple[tuple[int, int], ...]
    drifts: tuple[int, ...]
    firsts: tuple[tuple[int, ...], tuple[int, ...]]


class Case(NamedTuple):
    """Something to divide."""

    hands: tuple[HandNotes, HandNotes]
    costs: RhythmCosts

    @property
    def n_beats(self) -> int:
        return len(self.costs.widths)


def random_case(seed: int, *, divisions: tuple[int, ...], n_beats: int, n_notes: int = 3) -> Case:
    """Random notes near the beats, and random costs."""
    random = np.random.default_rng(seed)
    n, most = len(divisions), max(divisions)
    pairs = random.normal(0, 1, (n, n))
    costs = RhythmCosts(
        np.array(divisions),
        random.normal(-1, 1, (n, most + 1, most + 2)),
        random.normal(0, 1, (n, n)),
        pairs + pairs.T,
        np.array([0.0, 0.08]),
        random.normal(0, 1, 2),
        random.uniform(0.03, 0.2, (n_beats, 2)),
        4.0,
    )
    return Case((_random_hand(random, n_beats, n_notes), _random_hand(random, n_beats, n_notes)), costs)


def _random_hand(random: np.random.Generator, n_beats: int, n_notes: int) -> HandNotes:
    beat = np.sort(random.uniform(-0.1, n_beats, n_notes))
    at = np.arange(n_beats + 1)
    cuts = np.stack([np.searchsorted(beat, at - 0.4), np.searchsorted(beat, at + 0.4)], axis=1)
    cuts[0], cuts[-1] = 0, n_notes
    return HandNotes(beat, *random.normal(-1, 1, (3, n_notes)), cuts)


def all_ways(case: Case) -> Iterator[tuple[Way, float]]:
    """Every way and its score, with the best places of the notes."""
    n_beats, n = case.n_beats, len(case.costs.divisions)
    firsts = [list(_all_firsts(notes.cuts)) for notes in case.hands]
    for divisions in product(product(range(n), repeat=2), repeat=n_beats):
        for drifts in product(range(len(case.costs.drifts)), repeat=n_beats):
            for first in product(*firsts):
                way = Way(divisions, drifts, first)
                yield way, score_way(case, way)


def _all_firsts(cuts: np.ndarray) -> Iterator[tuple[int, ...]]:
    for firsts in product(*(range(low, high + 1) for low, high in cuts)):
        if list(firsts) == sorted(firsts):
            yield firsts


def score_way(case: Case, way: Way) -> float:
    """The sum of all that a way earns; what is before the first beat has division number 0."""
    costs, score, before = case.costs, 0.0, (0, 0)
    for b in range(case.n_beats):
        divisions, drift = way.divisions[b], way.drifts[b]
        score += costs.drift_scores[drift] + costs.pairs[divisions]
        for h, notes in enumerate(case.hands):
            d, first, stop = divisions[h], way.firsts[h][b], way.firsts[h][b + 1]
            if costs.divisions[d] > max(FREE_DIVISION, POINTS_FOR_NOTE * (notes.cuts[b + 1, 1] - first)):
                return -np.inf
            score += costs.moves[before[h], d] + best_places(notes, costs, b, d, drift, first, stop)[0]
        before = divisions
    return score


def best_places(
    notes: HandNotes, costs: RhythmCosts, beat: int, d: int, drift: int, first: int, stop: int
) -> tuple[float, Places]:
    """The best score of a beat's notes, and where they are then."""
    kinds = [SKIPPED, MEMBER, *range(costs.divisions[d])]
    return max(
        (score_places(notes, costs, beat, d, drift, first, places), places)
        for places in product(kinds, repeat=stop - first)
    )


def score_places(
    notes: HandNotes, costs: RhythmCosts, beat: int, d: int, drift: int, first: int, places: Places
) -> float:
    """What a beat earns with these places of its notes; -inf where they may not stand so."""
    score, column = 0.0, 0  # one more than the point of the last lead
    for j, place in enumerate(places, first):
        if place == SKIPPED:
            score += notes.skip[j]
            continue
        point = column - 1 if place == MEMBER else place
        where = point / costs.divisions[d]
        away = notes.beat[j] - beat - where - 4 * costs.drifts[drift] * where * (1 - where)
        if point < 0 or abs(away) >= FARTHEST or (place != MEMBER and point < column):
            return -np.inf
        if place == MEMBER:
            score += notes.member[j]
            continue
        width = costs.widths[beat, min(point, 1)]
        fit = student.logpdf(away / width, costs.freedom) - student.logpdf(0, costs.freedom) - np.log(width)
        score += notes.lead[j] + fit + costs.jumps[d, column, point + 1]
        column = point + 1
    return score + costs.jumps[d, column, costs.divisions[d] + 1]
