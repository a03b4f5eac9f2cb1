"""How far confidences can be trusted: by hand, by simulation, and from the files to the report."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.evaluation import Evaluation, EvaluationSettings, score_midi, score_piece, to_dict
from pianotrans.evaluation.reliability import LEVELS, JudgedEvents, reliabilities, thresholds
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Pedal, Performance, midi_bytes
from tests.events.strategies import fewer, performances

from .making import note, performance, table

SETTINGS = EvaluationSettings()


def sure(onset_s: float, offset_s: float, key: int, confidence: float | None, onset: float | None) -> Note:
    return Note(onset_s, offset_s, key, 64, confidence, onset)


PLAYED = performance(note(1, 2, 60), note(3, 4, 60), note(5, 6, 61))
HEARD = performance(
    sure(1, 2, 60, 0.95, 0.99),  # right
    sure(3, 3.2, 60, 0.45, 0.93),  # its end is not
    sure(5, 6, 62, 0.15, 0.25),  # nothing is
)


def test_three_notes_by_hand():
    judged = score_piece(PLAYED, HEARD, SETTINGS).judged["notes"]
    assert judged.is_matched.tolist() == [[True, True], [False, True], [False, False]]
    assert judged.n_reference == 3
    onset, both = reliabilities(judged)
    assert (onset.name, both.name) == ("onset", "onset+offset")
    assert [one.n_events for one in both.bins] == [0, 1, 0, 0, 1, 0, 0, 0, 0, 1]
    assert both.expected_calibration_error == pytest.approx((0.05 + 0.45 + 0.15) / 3)
    assert onset.bins[9].mean_confidence == pytest.approx(0.96)
    assert onset.bins[9].matched_share == 1
    assert onset.bins[0].matched_share is None
    assert onset.expected_calibration_error == pytest.approx((2 * 0.04 + 0.25) / 3)


def test_thresholds_by_hand():
    both = thresholds(score_piece(PLAYED, HEARD, SETTINGS).judged["notes"])
    steps = {one.level: one for one in both if one.of == "confidence"}
    onsets = {one.level: one for one in both if one.of == "onset_confidence"}
    assert tuple(steps) == tuple(onsets) == LEVELS
    assert onsets[0.3].scores() == pytest.approx({"precision": 1, "recall": 2 / 3, "f1": 0.8})
    assert onsets[0.3] == onsets[0.9].__class__("onset_confidence", 0.3, 2, 2, 3)
    assert steps[0.0].scores() == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3})
    assert steps[0.2].scores() == pytest.approx({"precision": 1, "recall": 2 / 3, "f1": 0.8})
    assert steps[0.5].scores() == pytest.approx({"precision": 1, "recall": 1 / 3, "f1": 0.5})


def test_pedals_by_hand():
    played = replace(PLAYED, pedals=(Pedal(1, 2, "sustain"), Pedal(3, 4, "sustain"), Pedal(1, 2, "soft")))
    heard = replace(
        HEARD,
        pedals=(
            Pedal(1, 2, "sustain", 0.8, 0.9),  # right
            Pedal(3, 3.5, "sustain", 0.6, 0.7),  # its end is not
            Pedal(5, 6, "sustain", 0.1, 0.2),  # nothing is
            Pedal(7, 8, "soft", 0.1, 0.2),
        ),
    )
    piece = score_piece(played, heard, SETTINGS)
    judged = piece.judged["sustain pedal"]
    assert judged.is_matched.tolist() == [[True, True], [False, True], [False, False]]
    assert judged.n_reference == 2
    onset, both = Evaluation(SETTINGS, (piece,)).reliability("sustain pedal")
    assert onset.expected_calibration_error == pytest.approx((0.1 + 0.3 + 0.2) / 3)
    assert both.expected_calibration_error == pytest.approx((0.2 + 0.6 + 0.1) / 3)
    steps = Evaluation(SETTINGS, (piece,)).thresholds("sustain pedal")
    assert [one.n_kept for one in steps if one.level == 0.5] == [2, 2]
    assert Evaluation(SETTINGS, (piece,)).reliability() == reliabilities(piece.judged["notes"])


def test_pedals_are_not_judged_by_a_reference_that_knows_none():
    heard = replace(HEARD, pedals=(Pedal(1, 2, "sustain", 0.8, 0.9),))
    assert set(score_piece(PLAYED, heard, SETTINGS).judged) == {"notes"}
    unsure = replace(HEARD, pedals=(Pedal(1, 2, "sustain"),))
    played = replace(PLAYED, pedals=(Pedal(1, 2, "sustain"),))
    assert set(score_piece(played, unsure, SETTINGS).judged) == {"notes"}


def test_what_says_nothing_is_not_judged():
    assert score_piece(PLAYED, performance(note(1, 2)), SETTINGS).judged == {}
    assert score_piece(PLAYED, performance(note(1, 2), sure(3, 4, 60, 0.5, 0.5)), SETTINGS).judged == {}
    assert score_piece(PLAYED, performance(), SETTINGS).judged == {}
    piece = score_piece(PLAYED, performance(note(1, 2)), SETTINGS)
    assert Evaluation(SETTINGS, (piece,)).reliability() == ()
    assert Evaluation(SETTINGS, (piece,)).thresholds() == ()


@pytest.mark.parametrize("bend", [1.0, 2.0])
def test_notes_as_sure_as_they_should_be_have_no_error_and_others_theirs(bend):
    """Notes that are there with the probability p, and say p^bend of themselves."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 1, (200_000, 2))
    notes = JudgedEvents(p**bend, rng.uniform(0, 1, p.shape) < p, 100_000)
    expected = 0 if bend == 1 else 1 / 2 - 1 / 3  # mean of p - p²
    for one in reliabilities(notes):
        assert one.expected_calibration_error == pytest.approx(expected, abs=0.01)


@fewer
@given(performances, st.floats(0, 1))
def test_any_estimate_of_itself(played: Performance, limit: float):
    whole = EventTable.of_notes(played)
    judged = JudgedEvents.of(whole, whole, SETTINGS)
    if judged is None:
        assert not len(whole) or np.isnan(whole.confidences).any()
        return
    assert judged.is_matched.all()
    for one in reliabilities(judged):
        assert sum(part.n_events for part in one.bins) == len(whole)
    steps = thresholds(judged)
    assert all(a.n_kept >= b.n_kept for a, b in pairwise(steps) if a.of == b.of)
    assert steps[0].scores()["f1"] == 1


def test_the_table_keeps_confidences_with_their_notes():
    found = table(sure(3, 4, 60, 0.1, 0.2), sure(1, 2, 61, 0.3, 0.4), sure(1, 2, 60, None, 0.6))
    np.testing.assert_array_equal(found.confidences, [[np.nan, 0.6], [0.1, 0.2], [0.3, 0.4]])
    np.testing.assert_array_equal(found.rows(np.array([2, 1])).confidences, [[0.3, 0.4], [0.1, 0.2]])


def test_from_files_to_the_report(tmp_path):
    for side, content in (("ref", PLAYED), ("est", HEARD)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "a.mid").write_bytes(midi_bytes(content))
    (plain,) = score_midi(tmp_path / "ref", tmp_path / "est", SETTINGS).pieces
    assert plain.judged == {}
    (tmp_path / "est" / "a.json").write_text("{}")  # another program's
    (foreign,) = score_midi(tmp_path / "ref", tmp_path / "est", SETTINGS).pieces
    assert foreign.judged == {}
    HEARD.save(tmp_path / "est" / "a.json")
    for reference, estimate in (("ref", "est"), ("ref/a.mid", "est/a.mid"), ("ref/a.mid", "est/a.json")):
        (piece,) = score_midi(tmp_path / reference, tmp_path / estimate, SETTINGS).pieces
        assert {c: s.f1 for c, s in piece.scores.items()} == {c: s.f1 for c, s in plain.scores.items()}
        report = json.loads(json.dumps(to_dict(Evaluation(SETTINGS, (piece,))), allow_nan=False))
        assert [one["name"] for one in report["reliability"]["notes"]] == ["onset", "onset+offset"]
        assert report["thresholds"]["notes"][3]["precision"] == 1
        assert report["reliability"]["sustain pedal"] == report["thresholds"]["sustain pedal"] == []
