"""Scores on an axis of time."""

from dataclasses import replace

import numpy as np
import pytest

from pianotrans.evaluation.score.musicxml import parse_musicxml
from pianotrans.evaluation.score.mv2h import Mv2h, compute_mv2h
from pianotrans.evaluation.score.timed import find_groupings, timed_file, timed_score, timed_truth
from pianotrans.score.beats.hints import TimeSignature

from .making import BEATS_S, PAGE, annotation, made_score, truth

TRUE = timed_truth(tuple(truth().notes.values()), annotation())


def test_the_true_score_agrees_with_the_truth():
    scores = compute_mv2h(TRUE, timed_score(made_score()))
    assert (scores.multi_pitch, scores.voice, scores.value, scores.harmony) == (1, 1, 1, 1)
    # The annotation ends with the last beat. So the estimate has one bar, one beat and two halves more: of 12
    # beats, 24 halves and 3 bars all are found, among 13, 26 and 4.
    assert scores.meter == pytest.approx(2 * 39 / (39 + 43))


def test_durations_last_as_the_beats_do():
    bass = next(note for note in timed_score(made_score()).notes if note.voice.startswith("2"))
    assert bass.duration_s == pytest.approx(BEATS_S[4] - BEATS_S[1])
    true = next(note for note in TRUE.notes if note.voice.startswith("2"))
    assert true.duration_s == pytest.approx(BEATS_S[4] - BEATS_S[1])


def test_double_note_values_cost_nothing():
    one, other = timed_score(made_score()), timed_score(made_score(meter=TimeSignature(3, 2)))
    assert compute_mv2h(TRUE, one) == compute_mv2h(TRUE, other)


def test_groupings():
    found = find_groupings(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1, 3]), [2, 2, 3])
    thirds = [(2, 7 / 3), (7 / 3, 8 / 3), (8 / 3, 3)]
    wanted = [(1, 3), (0, 1), (1, 2), (2, 3), (0, 0.5), (0.5, 1), (1, 1.5), (1.5, 2), *thirds]
    np.testing.assert_allclose(found, wanted)


def test_a_file_at_a_steady_tempo():
    score = timed_file(parse_musicxml(PAGE.encode()))
    # Half a second per quarter note: a pickup of one beat, then bars of 1.5 s.
    assert [tuple(row) for row in score.groupings_s[:2].tolist()] == [(0.5, 2.0), (2.0, 3.5)]
    assert score.end_s == 3.5
    held = next(note for note in score.notes if note.key == 55)
    assert (held.onset_s, held.duration_s) == (0.5, 2.5)  # tied over the barline
    assert compute_mv2h(score, score) == Mv2h(1, 1, 1, 1, 1)


def test_empty_scores():
    nothing = replace(made_score(), notes=(), measures=())
    assert compute_mv2h(TRUE, timed_score(nothing)) == Mv2h(0, 0, 0, 0, 0)
    no_beats = replace(
        annotation(),
        **dict.fromkeys(("times_s", "is_downbeat", "is_certain"), np.empty(0)),
        time_signatures=(),
        key_signatures=(),
    )
    assert compute_mv2h(timed_truth((), no_beats), timed_score(made_score())).mean == 0
