"""Where notes stand in the score: the best rhythm of both hands, given the beats."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from pianotrans.events import Performance
from pianotrans.score.bars import BarGrid
from pianotrans.score.beats.notes import Array, Integers, NoteTable
from pianotrans.score.hands.hands import LEFT, RIGHT, Hands
from pianotrans.score.rhythm.features import note_features
from pianotrans.score.rhythm.model import DIVISIONS, RhythmCounts, RhythmModel, calibrate
from pianotrans.score.rhythm.ornaments import PlayedHand, resolve_skipped, rolled_chords
from pianotrans.score.rhythm.positions import Ornament, Positions
from pianotrans.score.rhythm.recursion import (
    NEVER,
    HandNotes,
    RhythmCosts,
    agreement,
    best_rhythm,
    place_notes,
)
from pianotrans.score.rhythm.swing import straighten
from pianotrans.score.settings import ScoreSettings

_AROUND_BEAT = 0.35  # notes nearer to a beat than this may belong to it or to the beat before …
_MOST_AROUND = 5  # … but no more notes than these on either side


class _Rhythm(NamedTuple):
    """The best way for one hand: beat and point (or MEMBER, SKIPPED) of every note, and how certain that is."""

    placed: Integers
    divisions: Integers
    certainty: Array


def find_positions(performance: Performance, bars: BarGrid, hands: Hands, settings: ScoreSettings) -> Positions:
    """Where every note stands, in beats of `bars`.

    The most probable rhythm of both hands is found twice: with what is common in music, then with what is common in
    this piece besides. An hour of music takes about ten processor seconds.
    """
    notes = NoteTable.from_performance(performance)
    beat = smooth_beats(bars.beats_s, notes.onset_s)
    if settings.swing:
        beat = straighten(beat)
    rows = [np.flatnonzero(hands.hand == hand) for hand in (RIGHT, LEFT)]
    found = _find_rhythms(notes, rows, beat, np.diff(bars.beats_s), settings.subdivisions)
    n_notes = len(beat)
    onset = [Fraction(0)] * n_notes
    ornament: list[Ornament | None] = [None] * n_notes
    is_grace, is_rolled = np.zeros(n_notes, dtype=bool), np.zeros(n_notes, dtype=bool)
    leader, confidence = np.arange(n_notes), np.ones(n_notes)
    for row, rhythm in zip(rows, found, strict=True):
        played = PlayedHand(notes.onset_s[row], notes.key[row], beat[row])
        written = resolve_skipped(played, rhythm.placed, DIVISIONS[rhythm.divisions])
        for i, note in enumerate(row.tolist()):
            onset[note], ornament[note] = written.onset[i], written.ornament[i]
        is_grace[row], leader[row] = written.is_grace, row[written.leader]
        is_rolled[row] = rolled_chords(played, written)
        confidence[row] = rhythm.certainty
    return Positions(tuple(onset), is_grace, leader, tuple(ornament), is_rolled, confidence)


def smooth_beats(beats_s: Array, time_s: Array) -> Array:
    """Times as beats since the first, as `BarGrid.beat_at`, but with a tempo that does not jump.

    Monotone cubic interpolation (Fritsch & Carlson, SIAM J. Numer. Anal. 17, 1980).
    """
    from scipy.interpolate import PchipInterpolator

    at = np.arange(len(beats_s), dtype=float)
    inside = np.clip(time_s, beats_s[0], beats_s[-1])
    smooth = PchipInterpolator(beats_s, at)(inside) if len(beats_s) > 2 else np.interp(inside, beats_s, at)
    first_s, last_s = np.diff(beats_s)[[0, -1]]
    beat: Array = (
        smooth + np.minimum(time_s - beats_s[0], 0) / first_s + np.maximum(time_s - beats_s[-1], 0) / last_s
    )
    return beat


def _find_rhythms(
    notes: NoteTable, rows: list[Integers], beat: Array, period_s: Array, subdivisions: tuple[int, ...] | None
) -> list[_Rhythm]:
    model = RhythmModel.load()
    played = [_hand_notes(model, notes, row, beat[row], period_s) for row in rows]
    costs = model.costs(period_s, None, subdivisions)
    seen = _count(_solve(played, costs))
    costs = model.costs(period_s, seen, subdivisions)
    return _solve(played, costs)


def _hand_notes(model: RhythmModel, notes: NoteTable, row: Integers, beat: Array, period_s: Array) -> HandNotes:
    n_beats = len(period_s)
    at = np.clip(np.floor(beat).astype(np.int64), 0, n_beats - 1)
    hand = NoteTable(notes.onset_s[row], notes.offset_s[row], notes.key[row], notes.velocity[row], None)
    scores = model.role_scores(note_features(hand, period_s[at]))
    is_repeated = np.diff(hand.key, prepend=-1) == 0
    member = np.where(is_repeated, NEVER / 1e6, scores[:, 1])  # a key is in a chord only once
    return HandNotes(beat, scores[:, 0].copy(), member, scores[:, 2].copy(), _cuts(beat, n_beats))


def _cuts(beat: Array, n_beats: int) -> Integers:
    at = np.arange(n_beats + 1)
    middle = np.searchsorted(beat, at)
    low = np.maximum(np.searchsorted(beat, at - _AROUND_BEAT), middle - _MOST_AROUND)
    high = np.minimum(np.searchsorted(beat, at + _AROUND_BEAT), middle + _MOST_AROUND)
    cuts = np.stack([low, high], axis=1)
    cuts[0], cuts[-1] = 0, len(beat)
    return cuts


def _solve(played: list[HandNotes], costs: RhythmCosts) -> list[_Rhythm]:
    right, left = played
    divisions, firsts, drifts = best_rhythm(right, left, costs)
    return [
        _Rhythm(
            placed := place_notes(notes, costs, divisions[h], firsts[h], drifts),
            divisions[h],
            calibrate(agreement(notes, costs, divisions[h], divisions[1 - h], firsts[h], placed)),
        )
        for h, notes in enumerate(played)
    ]


def _count(rhythms: list[_Rhythm]) -> RhythmCounts:
    """What the found rhythms consist of."""
    n, most = len(DIVISIONS), int(DIVISIONS.max())
    struck, moves, pairs = np.zeros((n, most, 2, 2)), np.zeros((n, n)), np.zeros((n, n))
    for rhythm in rhythms:
        n_beats = len(rhythm.divisions)
        is_struck = np.zeros((n_beats, most), dtype=np.int64)
        leads = rhythm.placed[rhythm.placed[:, 1] >= 0]
        is_struck[leads[:, 0], leads[:, 1]] = 1
        before = np.concatenate([np.zeros((n_beats, 1), dtype=np.int64), is_struck[:, :-1]], axis=1)
        beats, points = np.nonzero(np.arange(most) < DIVISIONS[rhythm.divisions][:, None])
        at = rhythm.divisions[beats], points, before[beats, points], is_struck[beats, points]
        np.add.at(struck, at, 1)
        np.add.at(moves, (rhythm.divisions[:-1], rhythm.divisions[1:]), 1)
    np.add.at(pairs, (rhythms[0].divisions, rhythms[1].divisions), 1)
    return RhythmCounts(struck, moves, pairs)
