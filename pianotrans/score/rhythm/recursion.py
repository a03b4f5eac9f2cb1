"""The recursions over the divisions of beats, compiled.

A beat has a drift, and for each hand a division and a range of that hand's notes, which walk over the points of the
division. So a rhythm is a path of a semi-Markov chain over beats, whose states are two divisions and two cuts
between notes. With W drifts, N divisions and C cuts a beat costs W·N²·C³ and, for each note, W·C times the sum of
the squared divisions.

The compiled functions are plain loops over numbers: sums, fills and maxima of array slices would take three times
as long to compile.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from pianotrans.compiling import compiled

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
    beat's division to the next one's; `pairs` (N, N), which is symmetric, balance both hands. Drift w moves the
    middle of a beat by `drifts[w]` beats. `widths` (n_beats, 2) are those of deviations, in beats: at the beat,
    and within.
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


@compiled()
def _walk(notes, costs, beat, d, w, first, stop, best, source):  # type: ignore[no-untyped-def]
    """Let notes[first:stop] walk over the points of division d with drift w.

    best[m, k] is the best score of m notes of which the last written one stands at point k - 1 (k = 0: none is
    written yet); source[m, k] is the column of the lead before, or MEMBER or SKIPPED.
    """
    n = costs.divisions[d]
    for k in range(n + 1):
        best[0, k] = NEVER if k else 0.0
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


@compiled()
def _best_ends(notes, costs, beat, d, w, s, best, source, ends):  # type: ignore[no-untyped-def]
    """ends[e] is the best score of the beat from its cut s to the next beat's cut e."""
    first = notes.cuts[beat, 0] + s
    low, high = notes.cuts[beat + 1, 0], notes.cuts[beat + 1, 1]
    for e in range(high - low + 1):
        ends[e] = NEVER
    n = costs.divisions[d]
    if n > max(4, 4 * (high - first)):
        return
    _walk(notes, costs, beat, d, w, first, high, best, source)
    for stop in range(max(low, first), high + 1):
        for k in range(n + 1):
            x = best[stop - first, k] + costs.jumps[d, k, n + 1]
            ends[stop - low] = max(ends[stop - low], x)


class _Space(NamedTuple):
    """Arrays that every beat uses anew."""

    best: Any
    source: Any
    scores: Any  # (hand, division, drift, cut, next cut) of a beat's notes
    half: Any
    reached: Any  # (cuts, N, N): the best of what came before, with the moves to this beat's divisions
    across: Any


def best_rhythm(right: HandNotes, left: HandNotes, costs: RhythmCosts) -> tuple[Any, Any, Any]:
    """The best way: (2, n_beats) divisions by hand, (2, n_beats + 1) first notes of beats, (n_beats,) drifts."""
    n_cuts = np.stack([hand.cuts[:, 1] - hand.cuts[:, 0] + 1 for hand in (right, left)], axis=1)
    n_notes = max(int((hand.cuts[1:, 1] - hand.cuts[:-1, 0]).max()) for hand in (right, left))
    n, most = len(costs.divisions), int(n_cuts.max())
    place = np.concatenate([[0], np.cumsum(n_cuts.prod(axis=1))])
    values = np.full((place[-1], n, n), NEVER, dtype=np.float32)
    values[0, 0, 0] = 0.0
    space = _Space(
        *_tables(costs, n_notes),
        np.empty((2, n, len(costs.drifts), most, most)),
        np.empty((n, n)),
        np.empty((most * most, n, n)),
        np.empty((most, most)),
    )
    _go_forward(right, left, costs, n_cuts, place, values, space)
    last = divmod(int(values[place[-2]].argmax()), n)
    choices = _go_back(right, left, costs, n_cuts, place, values, space, *last)
    firsts = np.stack([right.cuts[:, 0] + choices[:, 0], left.cuts[:, 0] + choices[:, 1]])
    return choices[:-1, 2:4].T.copy(), firsts, choices[:-1, 4].copy()


@compiled()
def _go_forward(right, left, costs, n_cuts, place, values, space):  # type: ignore[no-untyped-def]
    """Fill `values`: the best way up to each beat, by the cuts there and the divisions of the beat before."""
    n = len(costs.divisions)
    for b in range(len(n_cuts) - 1):
        n_right, n_left = n_cuts[b, 0], n_cuts[b, 1]
        for d in range(n):
            _score_notes(right, costs, b, d, n_right, space, space.scores[0, d])
            _score_notes(left, costs, b, d, n_left, space, space.scores[1, d])
        for s in range(n_right * n_left):
            _move(costs, values[place[b] + s], space.half, space.reached[s])
        after = values[place[b + 1] : place[b + 2]]
        for dr in range(n):
            for dl in range(n):
                for w in range(len(costs.drifts)):
                    _join(costs, n_cuts[b], n_cuts[b + 1], dr, dl, w, space, after)
        _subtract_highest(after)


@compiled()
def _subtract_highest(after):  # type: ignore[no-untyped-def]
    top = after[0, 0, 0]
    for state in range(after.shape[0]):
        for dr in range(after.shape[1]):
            for dl in range(after.shape[2]):
                top = max(top, after[state, dr, dl])
    for state in range(after.shape[0]):
        for dr in range(after.shape[1]):
            for dl in range(after.shape[2]):
                after[state, dr, dl] -= top


@compiled()
def _score_notes(notes, costs, b, d, n_cuts, space, scores):  # type: ignore[no-untyped-def]
    for w in range(len(costs.drifts)):
        for s in range(n_cuts):
            _best_ends(notes, costs, b, d, w, s, space.best, space.source, scores[w, s])


@compiled()
def _join(costs, n_cuts, n_after, dr, dl, w, space, after):  # type: ignore[no-untyped-def]
    """Both hands go from the cuts of a beat to those of the next, one hand after the other."""
    for sl in range(n_cuts[1]):
        for er in range(n_after[0]):
            top = NEVER
            for sr in range(n_cuts[0]):
                top = max(top, space.reached[sr * n_cuts[1] + sl, dr, dl] + space.scores[0, dr, w, sr, er])
            space.across[sl, er] = top
    for er in range(n_after[0]):
        for el in range(n_after[1]):
            top = NEVER
            for sl in range(n_cuts[1]):
                top = max(top, space.across[sl, er] + space.scores[1, dl, w, sl, el])
            state = er * n_after[1] + el
            after[state, dr, dl] = max(after[state, dr, dl], top + costs.drift_scores[w])


@compiled()
def _go_back(right, left, costs, n_cuts, place, values, space, dr, dl):  # type: ignore[no-untyped-def]
    """The best way, (n_beats + 1, 5): the cuts at each beat, and divisions and drift of the beat from there on.

    Divisions `dr` and `dl` are those of the last beat.
    """
    n_beats = len(n_cuts) - 1
    choices = np.zeros((n_beats + 1, 5), dtype=np.int64)
    for b in range(n_beats - 1, -1, -1):
        _score_notes(right, costs, b, dr, n_cuts[b, 0], space, space.scores[0, dr])
        _score_notes(left, costs, b, dl, n_cuts[b, 1], space, space.scores[1, dl])
        choices[b, 2], choices[b, 3] = dr, dl
        dr, dl = _step_back(costs, n_cuts[b], values[place[b] : place[b + 1]], space, choices[b], choices[b + 1])
    return choices


@compiled()
def _step_back(costs, n_cuts, before, space, choice, after):  # type: ignore[no-untyped-def]
    """Fill in the cuts and the drift of a beat; returns the divisions of the beat before."""
    n = len(costs.divisions)
    dr, dl, er, el = choice[2], choice[3], after[0], after[1]
    top, before_r, before_l = 3 * NEVER, 0, 0
    for sr in range(n_cuts[0]):
        for sl in range(n_cuts[1]):
            notes, drift = 3 * NEVER, 0
            for w in range(len(costs.drifts)):
                x = space.scores[0, dr, w, sr, er] + space.scores[1, dl, w, sl, el] + costs.drift_scores[w]
                if x > notes:
                    notes, drift = x, w
            for a in range(n):
                for c in range(n):
                    x = notes + before[sr * n_cuts[1] + sl, a, c] + costs.moves[a, dr] + costs.moves[c, dl]
                    if x > top:
                        top, before_r, before_l = x, a, c
                        choice[0], choice[1], choice[4] = sr, sl, drift
    return before_r, before_l


@compiled()
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


@compiled()
def _best_last(costs, d, n_notes, best):  # type: ignore[no-untyped-def]
    """The column of the last lead on the best way of _walk to the end of the beat."""
    end, last = costs.divisions[d] + 1, 0
    for k in range(1, end):
        if best[n_notes, k] + costs.jumps[d, k, end] > best[n_notes, last] + costs.jumps[d, last, end]:
            last = k
    return last


@compiled()
def _walk_back(costs, d, n_notes, best, source, points, kinds):  # type: ignore[no-untyped-def]
    """The best way of _walk: each note's point (-1: not written), and whether it is a lead, MEMBER or SKIPPED."""
    k = _best_last(costs, d, n_notes, best)
    for m in range(n_notes, 0, -1):
        how = source[m, k]
        kinds[m - 1] = min(how, 0)
        points[m - 1] = -1 if how == SKIPPED else k - 1
        if how >= 0:
            k = how


def place_notes(notes: HandNotes, costs: RhythmCosts, divisions: Any, firsts: Any, drifts: Any) -> Any:
    """What the notes of a hand are on the best way: (n, 2) beat and point, or MEMBER or SKIPPED as the point."""
    placed = np.empty((len(notes.beat), 2), dtype=np.int64)
    most = int(np.diff(firsts).max())
    points, kinds = np.empty((2, most), dtype=np.int64)
    _place(notes, costs, divisions, firsts, drifts, *_tables(costs, most), points, kinds, placed)
    return placed


def _tables(costs: RhythmCosts, n_notes: int) -> tuple[Any, Any]:
    """Space for `best` and `source` of _walk."""
    shape = n_notes + 1, int(costs.divisions.max()) + 2
    return np.empty(shape), np.empty(shape, dtype=np.int8)


@compiled()
def _place(  # type: ignore[no-untyped-def]
    notes, costs, divisions, firsts, drifts, best, source, points, kinds, placed
):
    for b in range(len(divisions)):
        first, stop = firsts[b], firsts[b + 1]
        _walk(notes, costs, b, divisions[b], drifts[b], first, stop, best, source)
        _walk_back(costs, divisions[b], stop - first, best, source, points, kinds)
        for j in range(first, stop):
            placed[j, 0] = b
            placed[j, 1] = kinds[j - first] if kinds[j - first] < 0 else points[j - first]


def agreement(notes: HandNotes, costs: RhythmCosts, divisions: Any, others: Any, firsts: Any, placed: Any) -> Any:
    """How probable the place of every note is, (n,), if all but its beat's division and drift is as it was found.

    `others` (n_beats,) are the divisions of the other hand. A place has the best way of each division and drift
    that leads there.
    """
    share = np.zeros(len(notes.beat))
    most, n_ways = int(np.diff(firsts).max()), len(costs.divisions) * len(costs.drifts)
    points, kinds = np.empty((n_ways, most), dtype=np.int64), np.empty(most, dtype=np.int64)
    space = *_tables(costs, most), points, kinds, np.empty(n_ways)
    _agree(notes, costs, divisions, others, firsts, placed, *space, share)
    return share


@compiled()
def _agree(  # type: ignore[no-untyped-def]
    notes, costs, divisions, others, firsts, placed, best, source, points, kinds, weights, share
):
    n_drifts = len(costs.drifts)
    for b in range(len(divisions)):
        first, stop = firsts[b], firsts[b + 1]
        if first == stop:
            continue
        for d in range(len(costs.divisions)):
            fixed = costs.pairs[d, others[b]]
            fixed += costs.moves[divisions[b - 1], d] if b > 0 else 0.0
            fixed += costs.moves[d, divisions[b + 1]] if b + 1 < len(divisions) else 0.0
            for w in range(n_drifts):
                way = d * n_drifts + w
                _walk(notes, costs, b, d, w, first, stop, best, source)
                _walk_back(costs, d, stop - first, best, source, points[way], kinds)
                k = _best_last(costs, d, stop - first, best)
                top = best[stop - first, k] + costs.jumps[d, k, costs.divisions[d] + 1]
                weights[way] = top + fixed + costs.drift_scores[w]
        _exponentiate(weights)
        n, point = costs.divisions[divisions[b]], -1
        for j in range(first, stop):
            if placed[j, 1] != MEMBER:
                point = placed[j, 1]
            for way in range(len(weights)):
                there = points[way, j - first]
                is_same = (
                    there < 0 if point < 0 else there >= 0 and there * n == point * costs.divisions[way // n_drifts]
                )
                share[j] += weights[way] if is_same else 0.0


@compiled()
def _exponentiate(scores):  # type: ignore[no-untyped-def]
    """Scores become probabilities."""
    top, total = scores[0], 0.0
    for i in range(len(scores)):
        top = max(top, scores[i])
    for i in range(len(scores)):
        scores[i] = np.exp(scores[i] - top)
        total += scores[i]
    for i in range(len(scores)):
        scores[i] /= total
