"""The recursions over the divisions of beats, compiled.

A beat has a drift, and for each hand a division and a range of that hand's notes, which walk over the points of the
division. So a rhythm is a path of a semi-Markov chain over beats, whose states are two divisions and two cuts
between notes. With W drifts, N divisions and C cuts a beat costs W·N²·C³ and, for each note, W·C times the sum of
the squared divisions.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

NEVER = -1e30  # low, yet finite: sums of it must not become NaN
MEMBER, SKIPPED = -1, -2
_FARTHEST = 0.55  # beats from a point at which a note may stand


class HandNotes(NamedTuple):
    """The notes of a hand in order of time.

    `beat` (n,) is the time in beats; `lead`, `member` and `skip` (n,) are log-probabilities of being the first note
    at a point, another note of the chord there, and none that is written. `cuts` (n_beats + 1, 2) are the first and
    the last index that the notes from a beat on may begin with.
    """

    beat: Any
    lead: Any
    member: Any
    skip: Any
    cuts: Any


class RhythmCosts(NamedTuple):
    """Log-probabilities of what cannot be seen, and how well times fit it.

    `jumps` (N, most + 1, most + 2): in a division, from the point before one column to that before another, with
    all points between them empty; column 0 is the beginning, n + 1 the end of the beat. `moves` (N, N) lead from a
    beat's division to the next one's, `pairs` (N, N) balance both hands. Drift w moves the middle of a beat by
    `drifts[w]` beats. `widths` (n_beats, 2) are those of deviations, in beats: at the beat, and within.
    """

    divisions: Any
    jumps: Any
    moves: Any
    pairs: Any
    drifts: Any
    drift_scores: Any
    widths: Any
    freedom: float


@numba.njit(inline="always")
def _fit(deviation, width, freedom):  # type: ignore[no-untyped-def]
    """The log-density of a deviation: Student's distribution, without its constant factor."""
    away = deviation / width
    return -0.5 * (freedom + 1) * np.log1p(away * away / freedom) - np.log(width)


@numba.njit(cache=True, nogil=True)
def _walk(notes, costs, beat, d, w, first, stop, best, source):  # type: ignore[no-untyped-def]
    """Let notes[first:stop] walk over the points of division d with drift w.

    best[m, k] is the best score of m notes of which the last written one stands at point k - 1 (k = 0: none is
    written yet); source[m, k] is the column of the lead before, or MEMBER or SKIPPED.
    """
    n = costs.divisions[d]
    best[0, : n + 1] = NEVER
    best[0, 0] = 0.0
    for j in range(first, stop):
        m = j - first
        inside = notes.beat[j] - beat
        for k in range(n + 1):
            top, top_source = best[m, k] + notes.skip[j], SKIPPED
            u = (k - 1) / n
            deviation = inside - u - 4.0 * costs.drifts[w] * u * (1.0 - u)
            if k > 0 and abs(deviation) < _FARTHEST:
                x = best[m, k] + notes.member[j]
                if x > top:
                    top, top_source = x, MEMBER
                lead = notes.lead[j] + _fit(deviation, costs.widths[beat, min(k - 1, 1)], costs.freedom)
                for c in range(k):
                    x = best[m, c] + costs.jumps[d, c, k] + lead
                    if x > top:
                        top, top_source = x, c
            best[m + 1, k] = top
            source[m + 1, k] = top_source


@numba.njit(cache=True, nogil=True)
def _score_beat(notes, costs, beat, d, best, source, ends):  # type: ignore[no-untyped-def]
    """ends[w, s, e] becomes the best score of the beat with drift w, from its cut s to the next beat's cut e."""
    n = costs.divisions[d]
    low, high = notes.cuts[beat + 1, 0], notes.cuts[beat + 1, 1]
    for w in range(len(costs.drifts)):
        for first in range(notes.cuts[beat, 0], notes.cuts[beat, 1] + 1):
            s = first - notes.cuts[beat, 0]
            ends[w, s, : high - low + 1] = NEVER
            if n > max(4, 4 * (high - first)):
                continue
            _walk(notes, costs, beat, d, w, first, high, best, source)
            for stop in range(max(low, first), high + 1):
                for k in range(n + 1):
                    x = best[stop - first, k] + costs.jumps[d, k, n + 1]
                    ends[w, s, stop - low] = max(ends[w, s, stop - low], x)


def best_rhythm(right: HandNotes, left: HandNotes, costs: RhythmCosts) -> tuple[Any, Any, Any]:
    """The best way: (2, n_beats) divisions by hand, (2, n_beats + 1) first notes of beats, (n_beats,) drifts."""
    n_divisions, n_drifts = len(costs.divisions), len(costs.drifts)
    n_cuts = np.stack([np.ptp(notes.cuts, axis=1) + 1 for notes in (right, left)], axis=1)
    place = np.concatenate([[0], np.cumsum(n_cuts.prod(axis=1))])
    most_cuts = int(n_cuts.max())
    most_notes = max(int((notes.cuts[1:, 1] - notes.cuts[:-1, 0]).max()) for notes in (right, left))
    most_points = int(costs.divisions.max())
    walk = np.empty((most_notes + 1, most_points + 2)), np.empty((most_notes + 1, most_points + 2), dtype=np.int8)
    scores = np.empty((2, n_divisions, n_drifts, most_cuts, most_cuts))
    values = np.full((place[-1], n_divisions, n_divisions), NEVER, dtype=np.float32)
    values[0, 0, 0] = 0.0
    _sum_up(right, left, costs, n_cuts, place, *walk, scores, values)
    return _trace_back(right, left, costs, n_cuts, place, *walk, scores, values)  # type: ignore[no-any-return]


@numba.njit(cache=True, nogil=True)
def _sum_up(right, left, costs, n_cuts, place, best, source, scores, values):  # type: ignore[no-untyped-def]
    """values[place[b] + state, dr, dl] becomes the best score of all beats before b.

    A state has a cut of each hand; dr and dl are the divisions of the beat before. Each beat's highest score is 0.
    """
    n_divisions, most_cuts = scores.shape[1], scores.shape[3]
    half = np.empty((n_divisions, n_divisions))
    come = np.empty((most_cuts * most_cuts, n_divisions, n_divisions))
    across = np.empty((most_cuts, most_cuts))
    for b in range(len(n_cuts) - 1):
        for d in range(n_divisions):
            _score_beat(right, costs, b, d, best, source, scores[0, d])
            _score_beat(left, costs, b, d, best, source, scores[1, d])
        for s in range(place[b + 1] - place[b]):
            _move(costs, values[place[b] + s], half, come[s])
        after = values[place[b + 1] : place[b + 2]]
        for dr in range(n_divisions):
            for dl in range(n_divisions):
                for w in range(len(costs.drifts)):
                    _cross(come, scores, dr, dl, w, costs.drift_scores[w], n_cuts[b], n_cuts[b + 1], across, after)
        _lower(after)


@numba.njit(cache=True, nogil=True)
def _move(costs, before, half, after):  # type: ignore[no-untyped-def]
    """after[dr, dl] is the best of before[.., ..] with both hands' moves there, and their balance."""
    n = len(costs.divisions)
    for dr in range(n):
        for c in range(n):
            top = NEVER
            for a in range(n):
                top = max(top, before[a, c] + costs.moves[a, dr])
            half[dr, c] = top
        for dl in range(n):
            top = NEVER
            for c in range(n):
                top = max(top, half[dr, c] + costs.moves[c, dl])
            after[dr, dl] = top + costs.pairs[dr, dl]


@numba.njit(cache=True, nogil=True)
def _cross(come, scores, dr, dl, w, drift_score, n_cuts, n_ends, across, after):  # type: ignore[no-untyped-def]
    """Raise after[.., dr, dl] to the best way through a beat with these divisions and this drift."""
    for sl in range(n_cuts[1]):
        for er in range(n_ends[0]):
            top = NEVER
            for sr in range(n_cuts[0]):
                top = max(top, come[sr * n_cuts[1] + sl, dr, dl] + scores[0, dr, w, sr, er])
            across[sl, er] = top
    for er in range(n_ends[0]):
        for el in range(n_ends[1]):
            top = NEVER
            for sl in range(n_cuts[1]):
                top = max(top, across[sl, er] + scores[1, dl, w, sl, el])
            state = er * n_ends[1] + el
            after[state, dr, dl] = max(after[state, dr, dl], top + drift_score)


@numba.njit(cache=True, nogil=True)
def _lower(values):  # type: ignore[no-untyped-def]
    """Subtract the highest value, lest sums grow without bound."""
    highest = values[0, 0, 0]
    for s in range(len(values)):
        for dr in range(values.shape[1]):
            for dl in range(values.shape[2]):
                highest = max(highest, values[s, dr, dl])
    for s in range(len(values)):
        for dr in range(values.shape[1]):
            for dl in range(values.shape[2]):
                values[s, dr, dl] -= highest


@numba.njit(cache=True, nogil=True)
def _trace_back(right, left, costs, n_cuts, place, best, source, scores, values):  # type: ignore[no-untyped-def]
    """What `best_rhythm` returns, from the scores of `_sum_up`."""
    n_beats = len(n_cuts) - 1
    divisions = np.zeros((2, n_beats), dtype=np.int64)
    firsts = np.zeros((2, n_beats + 1), dtype=np.int64)
    drifts = np.zeros(n_beats, dtype=np.int64)
    firsts[0, n_beats], firsts[1, n_beats] = len(right.beat), len(left.beat)
    last = np.argmax(values[place[n_beats]])
    dr, dl = last // len(costs.divisions), last % len(costs.divisions)
    er, el = firsts[0, n_beats] - right.cuts[n_beats, 0], firsts[1, n_beats] - left.cuts[n_beats, 0]
    for b in range(n_beats - 1, -1, -1):
        divisions[0, b], divisions[1, b] = dr, dl
        _score_beat(right, costs, b, dr, best, source, scores[0, dr])
        _score_beat(left, costs, b, dl, best, source, scores[1, dl])
        before = values[place[b] : place[b + 1]]
        er, el, dr, dl, drifts[b] = _step_back(costs, scores, n_cuts[b], er, el, dr, dl, before)
        firsts[0, b], firsts[1, b] = right.cuts[b, 0] + er, left.cuts[b, 0] + el
    return divisions, firsts, drifts


@numba.njit(cache=True, nogil=True)
def _step_back(costs, scores, n_cuts, er, el, dr, dl, before):  # type: ignore[no-untyped-def]
    """The cuts that a beat begins with, the divisions before it, and its drift, on the best way to its end."""
    top, found = 3 * NEVER, (0, 0, 0, 0, 0)
    for sr in range(n_cuts[0]):
        for sl in range(n_cuts[1]):
            inner, w = NEVER, 0
            for i in range(len(costs.drifts)):
                x = scores[0, dr, i, sr, er] + scores[1, dl, i, sl, el] + costs.drift_scores[i]
                if x > inner:
                    inner, w = x, i
            for a in range(len(costs.divisions)):
                for c in range(len(costs.divisions)):
                    x = inner + before[sr * n_cuts[1] + sl, a, c] + costs.moves[a, dr] + costs.moves[c, dl]
                    if x > top:
                        top, found = x, (sr, sl, a, c, w)
    return found


@numba.njit(cache=True, nogil=True)
def _best_end(costs, d, n_notes, best):  # type: ignore[no-untyped-def]
    """At which column the best way of _walk ends, and its score."""
    n = costs.divisions[d]
    end, top = 0, best[n_notes, 0] + costs.jumps[d, 0, n + 1]
    for k in range(1, n + 1):
        x = best[n_notes, k] + costs.jumps[d, k, n + 1]
        if x > top:
            end, top = k, x
    return end, top


@numba.njit(cache=True, nogil=True)
def _most_steps(firsts):  # type: ignore[no-untyped-def]
    """The most notes of a beat."""
    most = 0
    for b in range(len(firsts) - 1):
        most = max(most, firsts[b + 1] - firsts[b])
    return most


@numba.njit(cache=True, nogil=True)
def _normalise(scores):  # type: ignore[no-untyped-def]
    """Turn log-probabilities into probabilities."""
    top, total = NEVER, 0.0
    for x in scores:
        top = max(top, x)
    for i in range(len(scores)):
        scores[i] = np.exp(scores[i] - top)
        total += scores[i]
    for i in range(len(scores)):
        scores[i] /= total


@numba.njit(cache=True, nogil=True)
def _walk_back(costs, d, n_notes, best, source, points, kinds):  # type: ignore[no-untyped-def]
    """The best way of _walk: each note's point (-1: not written), and whether it is a lead, MEMBER or SKIPPED."""
    k, _ = _best_end(costs, d, n_notes, best)
    for m in range(n_notes, 0, -1):
        how = source[m, k]
        kinds[m - 1] = min(how, 0)
        points[m - 1] = -1 if how == SKIPPED else k - 1
        if how >= 0:
            k = how


@numba.njit(cache=True, nogil=True)
def place_notes(notes, costs, divisions, firsts, drifts):  # type: ignore[no-untyped-def]
    """What the notes of a hand are on the best way: (n, 2) beat and point, or MEMBER or SKIPPED as the point."""
    most = _most_steps(firsts)
    best = np.empty((most + 1, costs.divisions.max() + 2))
    source = np.empty((most + 1, costs.divisions.max() + 2), dtype=np.int8)
    points, kinds = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    placed = np.empty((len(notes.beat), 2), dtype=np.int64)
    for b in range(len(divisions)):
        first, stop = firsts[b], firsts[b + 1]
        _walk(notes, costs, b, divisions[b], drifts[b], first, stop, best, source)
        _walk_back(costs, divisions[b], stop - first, best, source, points, kinds)
        for j in range(first, stop):
            placed[j, 0] = b
            placed[j, 1] = kinds[j - first] if kinds[j - first] < 0 else points[j - first]
    return placed


@numba.njit(cache=True, nogil=True)
def agreement(notes, costs, divisions, others, firsts, placed):  # type: ignore[no-untyped-def]
    """How probable the place of every note is, (n,), if all but its beat's division and drift is as it was found.

    `others` (n_beats,) are the divisions of the other hand. A place has the best way of each division and drift
    that leads there.
    """
    most = _most_steps(firsts)
    n_divisions, n_drifts = len(costs.divisions), len(costs.drifts)
    best = np.empty((most + 1, costs.divisions.max() + 2))
    source = np.empty((most + 1, costs.divisions.max() + 2), dtype=np.int8)
    points = np.empty((n_divisions * n_drifts, most), dtype=np.int64)
    kinds = np.empty(most, dtype=np.int64)
    scores = np.empty(n_divisions * n_drifts)
    share = np.zeros(len(notes.beat))
    for b in range(len(divisions)):
        first, stop = firsts[b], firsts[b + 1]
        if first == stop:
            continue
        for d in range(n_divisions):
            fixed = costs.pairs[d, others[b]]
            fixed += costs.moves[divisions[b - 1], d] if b > 0 else 0.0
            fixed += costs.moves[d, divisions[b + 1]] if b + 1 < len(divisions) else 0.0
            for w in range(n_drifts):
                _walk(notes, costs, b, d, w, first, stop, best, source)
                _walk_back(costs, d, stop - first, best, source, points[d * n_drifts + w], kinds)
                _, top = _best_end(costs, d, stop - first, best)
                scores[d * n_drifts + w] = top + fixed + costs.drift_scores[w]
        _normalise(scores)
        n, point = costs.divisions[divisions[b]], -1
        for j in range(first, stop):
            if placed[j, 1] != MEMBER:
                point = placed[j, 1]
            for i in range(len(scores)):
                there = points[i, j - first]
                is_same = (
                    there < 0 if point < 0 else there >= 0 and there * n == point * costs.divisions[i // n_drifts]
                )
                share[j] += scores[i] if is_same else 0.0
    return share
