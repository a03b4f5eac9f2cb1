"""The recursion against every way one by one."""

from functools import cache

import numpy as np
import pytest
from scipy.special import softmax

from pianotrans.score.rhythm.recursion import SKIPPED, agreement, best_rhythm, place_notes
from tests.score.rhythm import enumeration
from tests.score.rhythm.enumeration import Case, Way, all_ways, random_case, score_way

CASES = [(seed, (1, 3, 5), 2) for seed in range(4)] + [(seed, (2, 3), 3) for seed in range(4, 8)]


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Case:
    seed, divisions, n_beats = request.param
    case = random_case(seed, divisions=divisions, n_beats=n_beats)
    hands = {id(notes): notes for notes in case.hands}
    plain = enumeration.best_places
    known = cache(lambda notes, *where: plain(hands[notes], case.costs, *where))
    monkeypatch.setattr(enumeration, "best_places", lambda notes, _, *where: known(id(notes), *where))
    return case


def test_the_best_rhythm_is_the_best_of_all_ways(case: Case):
    divisions, firsts, drifts = best_rhythm(*case.hands, case.costs)
    found = Way(
        tuple(zip(*divisions.tolist(), strict=True)), tuple(drifts.tolist()), tuple(map(tuple, firsts.tolist()))
    )
    best = max(score for _, score in all_ways(case))
    assert score_way(case, found) == pytest.approx(best, abs=1e-4)  # the recursion adds in float32


def test_notes_are_placed_and_doubted_as_enumeration_has_it(case: Case):
    divisions, firsts, drifts = best_rhythm(*case.hands, case.costs)
    for h, notes in enumerate(case.hands):
        placed = place_notes(notes, case.costs, divisions[h], firsts[h], drifts)
        found = agreement(notes, case.costs, divisions[h], divisions[1 - h], firsts[h], placed)
        for b in range(case.n_beats):
            first, stop = int(firsts[h][b]), int(firsts[h][b + 1])
            best = enumeration.best_places(notes, case.costs, b, int(divisions[h][b]), int(drifts[b]), first, stop)
            assert tuple(placed[first:stop, 1]) == best[1]
            assert np.all(placed[first:stop, 0] == b)
            expected = _shares(case, h, b, divisions, first, stop, best[1])
            np.testing.assert_allclose(found[first:stop], expected, atol=1e-9)


def _shares(case: Case, h: int, b: int, divisions, first: int, stop: int, places) -> np.ndarray:
    """How probable the place of each note of a beat is: ways of all divisions and drifts vote for theirs."""
    costs, own, other = case.costs, divisions[h], divisions[1 - h]
    scores, votes = [], []
    for d in range(len(costs.divisions)):
        around = costs.pairs[d, other[b]]
        around += costs.moves[own[b - 1], d] if b else 0
        around += costs.moves[d, own[b + 1]] if b + 1 < len(own) else 0
        for drift in range(len(costs.drifts)):
            score, there = enumeration.best_places(case.hands[h], costs, b, d, drift, first, stop)
            scores.append(score + around + costs.drift_scores[drift])
            votes.append(_points(there, int(costs.divisions[d])))
    points = _points(places, int(costs.divisions[own[b]]))
    agree = [[a == b for a, b in zip(vote, points, strict=True)] for vote in votes]
    return softmax(scores) @ np.array(agree, dtype=float).reshape(len(votes), -1)


def _points(places, n: int) -> list[float | None]:
    """Places as parts of the beat; a member stands at its lead, what is skipped nowhere."""
    points, lead = [], None
    for place in places:
        lead = round(place / n, 9) if place >= 0 else lead
        points.append(None if place == SKIPPED else lead)
    return points
