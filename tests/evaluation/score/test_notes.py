"""Shares of notes that are right."""

from dataclasses import replace
from fractions import Fraction

import pytest

from pianotrans.evaluation.score.notes import NoteScores, pair_by_index, pair_by_onset, score_notes
from pianotrans.events import Performance
from pianotrans.score.beats.hints import TimeSignature

from .making import aligned, made_score, rows, spelling, truth

N = len(rows())  # 17 notes, 4 of them in the bass


def scores(score, pieces=None) -> NoteScores:
    return score_notes((pieces or truth()).pairs(score), score.measures)


def test_the_true_score_is_right():
    assert scores(made_score()) == NoteScores(1, 1, 1, 1, 1, None)


def test_one_note_on_the_wrong_staff():
    score = made_score(change=lambda n: replace(n, staff=1) if n.performed == (1,) else n)
    assert scores(score).staff == pytest.approx((N - 1) / N)


def test_one_note_spelt_otherwise():
    score = made_score(
        change=lambda n: replace(n, spelling=spelling("Gb5")) if n.spelling == spelling("F#5") else n
    )
    assert scores(score).spelling == pytest.approx((N - 1) / N)


def test_one_note_too_late():
    # A triplet eighth late is wrong; a 32nd late is 1/8 of a quarter note and wrong, too; a 24th of it is not.
    for late, n_wrong in ((Fraction(1, 3), 1), (Fraction(1, 8), 1), (Fraction(1, 24), 0)):
        score = made_score(change=lambda n, x=late: replace(n, position=n.position + x * (n.performed == (1,))))
        assert scores(score).position == pytest.approx((N - n_wrong) / N)


def test_double_note_values():
    # 3/2 instead of 3/4: the same place in the bar, other quarter notes and durations. Only what begins the bar,
    # the four bass notes and the four above them, is right in quarters, too.
    found = scores(made_score(meter=TimeSignature(3, 2)))
    assert found.position == 1
    assert found.position_quarters == pytest.approx(8 / N)
    assert found.duration == 0


def test_a_trill_counts_once():
    score = made_score()
    trill = replace(score.notes[3], performed=(3, 4))
    score = replace(score, notes=(*score.notes[:3], trill, *score.notes[5:]))
    assert len(pair_by_index(truth().notes, score)) == N - 1


def test_grace_notes():
    graced = truth()
    notes = {i: replace(note, is_grace=i in (3, 4)) for i, note in graced.notes.items()}
    score = made_score(change=lambda n: replace(n, is_grace=n.performed[0] in (4, 5)))
    found = scores(score, replace(graced, notes=notes))
    assert found.grace == pytest.approx(1 / 2)  # one of two on either side
    # Note 5 is written as grace and is none: its place and duration are wrong; 3 and 4 are not asked.
    assert found.position == found.duration == pytest.approx((N - 3) / (N - 2))


def test_notes_of_a_transcription_are_found_by_key_and_time():
    notes = truth().performance.notes
    moved = tuple(replace(n, onset_s=n.onset_s + (0.04 if i % 2 else 0.06)) for i, n in enumerate(notes))
    score = made_score(Performance(moved))
    pairs = pair_by_onset(tuple(truth().notes.values()), score)
    assert len(pairs) == N // 2
    assert all(true.key == written.spelling.key for true, written in pairs)


def test_nothing_is_played():
    score = replace(made_score(), notes=())
    assert scores(score) == NoteScores(None, None, None, None, None, None)
    assert pair_by_onset((), made_score()) == ()
    assert len(aligned()) == N
