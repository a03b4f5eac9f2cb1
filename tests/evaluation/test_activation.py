"""Seconds of held keys, against counting by enumeration and against mir_eval's frames."""

import mir_eval
import numpy as np
import pytest

from pianotrans.evaluation.activation import activation_score, frame_score
from pianotrans.evaluation.tables import EventTable

from .making import crowd, heard, note, table


def cells(events: EventTable, step_s: float) -> set[tuple[int, int]]:
    """Every (key, step) in which a key is down; all times must be multiples of the step."""
    return {
        (key, step)
        for key, (onset_s, offset_s) in zip(events.keys.tolist(), events.spans_s.tolist(), strict=True)
        for step in range(round(onset_s / step_s), round(offset_s / step_s))
    }


@pytest.mark.parametrize("seed", range(10))
def test_activation_is_what_enumeration_counts(seed):
    reference = EventTable.of_notes(crowd(seed, n_notes=60, duration_s=4.0))
    estimate = EventTable.of_notes(crowd(seed + 100, n_notes=50, duration_s=4.0))
    score = activation_score(reference, estimate)
    ref, est = cells(reference, 0.01), cells(estimate, 0.01)
    assert score.matched == pytest.approx(0.01 * len(ref & est), abs=1e-9)
    assert score.reference == pytest.approx(0.01 * len(ref), abs=1e-9)
    assert score.estimate == pytest.approx(0.01 * len(est), abs=1e-9)
    on_grid = frame_score(reference, estimate, hop_s=0.01)
    assert (on_grid.matched, on_grid.reference, on_grid.estimate) == (len(ref & est), len(ref), len(est))


def mir_eval_frames(events: EventTable, times_s):
    held = [np.unique(events.keys[(events.onsets_s <= time_s) & (time_s < events.offsets_s)]) for time_s in times_s]
    return times_s, [mir_eval.util.midi_to_hz(keys.astype(float)) for keys in held]


@pytest.mark.parametrize("seed", range(6))
def test_frames_are_mir_evals(seed):
    played = crowd(seed, n_notes=40, duration_s=3.0)
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(heard(played, seed))
    times_s = np.arange(500) / 100
    theirs = mir_eval.multipitch.metrics(
        *mir_eval_frames(reference, times_s + 1e-9), *mir_eval_frames(estimate, times_s + 1e-9)
    )
    ours = frame_score(reference, estimate, hop_s=0.01)
    assert (ours.precision, ours.recall) == pytest.approx(theirs[:2], abs=1e-12)


def test_doubled_and_overlapping_notes_count_once():
    score = activation_score(table(note(1, 3), note(1, 3), note(2, 4)), table(note(0, 2)))
    assert (score.matched, score.reference, score.estimate) == (1.0, 3.0, 2.0)


def test_other_keys_share_nothing():
    score = activation_score(table(note(1, 2, key=60)), table(note(1, 2, key=61)))
    assert (score.matched, score.f1) == (0.0, 0.0)


def test_nothing_on_one_side_or_both():
    one, none = table(note(1, 2)), table()
    assert activation_score(none, none).is_defined is False
    assert activation_score(none, one).is_defined is False
    nothing_found = activation_score(one, none)
    assert (nothing_found.is_defined, nothing_found.precision, nothing_found.f1) == (True, 0.0, 0.0)


def test_a_note_between_two_frames_vanishes_and_borders_are_exact():
    assert frame_score(table(note(1.001, 1.009)), table(), hop_s=0.01).reference == 0
    assert frame_score(table(note(0.29, 0.57)), table(), hop_s=0.01).reference == 28
