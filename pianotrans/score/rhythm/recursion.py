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
def _best_ends(notes, costs, beat, d, w, s, best, source, ends):  # type: ignore[no-untyped-def]
    """ends[e] is the best score of the beat from its cut s to the next beat's cut e."""
    first = notes.cuts[beat, 0] + s
    low, high = notes.cuts[beat + 1]
    ends[: high - low + 1] = NEVER
    n = costs.divisions[d]
    if n > max(4, 4 * (high - first)):
        return
    _walk(notes, costs, beat, d, w, first, high, best, source)
    for stop in range(max(low, first), high + 1):
        for k in range(n + 1):
            x = best[stop - first, k] + costs.jumps[d, k, n + 1]
            ends[stop - low] = max(ends[stop - low], x)


@numba.njit(cache=True, nogil=True)
def best_rhythm(right, left, costs):  # type: ignore[no-untyped-def]
    """The best way: (2, n_beats) divisions by hand, (2, n_beats + 1) first notes of beats, (n_beats,) drifts."""
    n_beats, n_divisions, n_drifts = len(right.cuts) - 1, len(costs.divisions), len(costs.drifts)
    hands = (right, left)
    shape = np.empty((n_beats + 1, 2), dtype=np.int64)
    most_notes, most_cuts = 1, 1
    for h in range(2):
        notes = hands[h]
        for b in range(n_beats + 1):
            shape[b, h] = notes.cuts[b, 1] - notes.cuts[b, 0] + 1
            most_cuts = max(most_cuts, shape[b, h])
            if b < n_beats:
                most_notes = max(most_notes, notes.cuts[b + 1, 1] - notes.cuts[b, 0])
    place = np.zeros(n_beats + 2, dtype=np.int64)
    for b in range(n_beats + 1):
        place[b + 1] = place[b] + shape[b, 0] * shape[b, 1]
    values = np.full((place[-1], n_divisions, n_divisions), NEVER, dtype=np.float32)
    values[0, 0, 0] = 0.0
    most_points = costs.divisions.max()
    best = np.empty((most_notes + 1, most_points + 2))
    source = np.empty((most_notes + 1, most_points + 2), dtype=np.int8)
    scores = np.empty((2, n_divisions, n_drifts, most_cuts, most_cuts))
    half = np.empty((n_divisions, n_divisions))
    come = np.empty((most_cuts * most_cuts, n_divisions, n_divisions))
    across = np.empty((most_cuts, most_cuts))
    for b in range(n_beats):
        for h in range(2):
            for d in range(n_divisions):
                for w in range(n_drifts):
                    for s in range(shape[b, h]):
                        _best_ends(hands[h], costs, b, d, w, s, best, source, scores[h, d, w, s])
        n_right, n_left = shape[b]
        for s in range(n_right * n_left):
            _move(costs, values[place[b] + s], half, come[s])
        after_right, after_left = shape[b + 1]
        for dr in range(n_divisions):
            for dl in range(n_divisions):
                for w in range(n_drifts):
                    for sl in range(n_left):
                        for er in range(after_right):
                            top = NEVER
                            for sr in range(n_right):
                                top = max(top, come[sr * n_left + sl, dr, dl] + scores[0, dr, w, sr, er])
                            across[sl, er] = top
                    for er in range(after_right):
                        for el in range(after_left):
                            top = NEVER
                            for sl in range(n_left):
                                top = max(top, across[sl, er] + scores[1, dl, w, sl, el])
                            state = place[b + 1] + er * after_left + el
                            values[state, dr, dl] = max(values[state, dr, dl], top + costs.drift_scores[w])
        highest = values[place[b + 1] : place[b + 2]].max()
        values[place[b + 1] : place[b + 2]] -= highest

    divisions = np.zeros((2, n_beats), dtype=np.int64)
    firsts = np.zeros((2, n_beats + 1), dtype=np.int64)
    drifts = np.zeros(n_beats, dtype=np.int64)
    state = values[place[n_beats]]
    top = NEVER
    dr = dl = er = el = 0
    for a in range(n_divisions):
        for c in range(n_divisions):
            if state[a, c] > top:
                top, dr, dl = state[a, c], a, c
    firsts[0, n_beats], firsts[1, n_beats] = len(right.beat), len(left.beat)
    for b in range(n_beats - 1, -1, -1):
        n_right, n_left = shape[b]
        divisions[0, b], divisions[1, b] = dr, dl
        for w in range(n_drifts):
            for s in range(n_right):
                _best_ends(right, costs, b, dr, w, s, best, source, scores[0, dr, w, s])
            for s in range(n_left):
                _best_ends(left, costs, b, dl, w, s, best, source, scores[1, dl, w, s])
        top, next_r, next_l, next_dr, next_dl = 3 * NEVER, 0, 0, 0, 0
        for sr in range(n_right):
            for sl in range(n_left):
                inner = NEVER
                inner_w = 0
                for w in range(n_drifts):
                    x = scores[0, dr, w, sr, er] + scores[1, dl, w, sl, el] + costs.drift_scores[w]
                    if x > inner:
                        inner, inner_w = x, w
                for a in range(n_divisions):
                    for c in range(n_divisions):
                        x = (
                            inner
                            + values[place[b] + sr * n_left + sl, a, c]
                            + costs.moves[a, dr]
                            + costs.moves[c, dl]
                        )
                        if x > top:
                            top, next_r, next_l, next_dr, next_dl, drifts[b] = x, sr, sl, a, c, inner_w
        er, el, dr, dl = next_r, next_l, next_dr, next_dl
        firsts[0, b], firsts[1, b] = right.cuts[b, 0] + er, left.cuts[b, 0] + el
    return divisions, firsts, drifts


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
def _walk_back(costs, d, n_notes, best, source, points, kinds):  # type: ignore[no-untyped-def]
    """The best way of _walk: each note's point (-1: not written), and whether it is a lead, MEMBER or SKIPPED."""
    n = costs.divisions[d]
    k = int(np.argmax(best[n_notes, : n + 1] + costs.jumps[d, : n + 1, n + 1]))
    for m in range(n_notes, 0, -1):
        how = source[m, k]
        kinds[m - 1] = min(how, 0)
        points[m - 1] = -1 if how == SKIPPED else k - 1
        if how >= 0:
            k = how


@numba.njit(cache=True, nogil=True)
def place_notes(notes, costs, divisions, firsts, drifts):  # type: ignore[no-untyped-def]
    """What the notes of a hand are on the best way: (n, 2) beat and point, or MEMBER or SKIPPED as the point."""
    most = np.diff(firsts).max()
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
    most = np.diff(firsts).max()
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
            n = costs.divisions[d]
            for w in range(n_drifts):
                _walk(notes, costs, b, d, w, first, stop, best, source)
                _walk_back(costs, d, stop - first, best, source, points[d * n_drifts + w], kinds)
                top = (best[stop - first, : n + 1] + costs.jumps[d, : n + 1, n + 1]).max()
                scores[d * n_drifts + w] = top + fixed + costs.drift_scores[w]
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        n, point = costs.divisions[divisions[b]], -1
        for j in range(first, stop):
            if placed[j, 1] != MEMBER:
                point = placed[j, 1]
            for i in range(len(weights)):
                there = points[i, j - first]
                is_same = (
                    there < 0 if point < 0 else there >= 0 and there * n == point * costs.divisions[i // n_drifts]
                )
                share[j] += weights[i] if is_same else 0.0
    return share
