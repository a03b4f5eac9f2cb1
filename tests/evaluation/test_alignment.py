"""A constant offset is found among wrong, missing and repeated notes."""

import pytest

from pianotrans.evaluation.alignment import constant_offset_s
from pianotrans.evaluation.tables import EventTable

from .making import crowd, heard, note, table


@pytest.mark.parametrize("late_s", [0.0, 0.004, 0.3, 2.0, 4.9])
@pytest.mark.parametrize("seed", range(4))
def test_the_offset_is_found(seed, late_s):
    played = crowd(seed, n_notes=80, duration_s=30.0, n_keys=24)
    reference = EventTable.of_notes(played)
    estimate = EventTable.of_notes(heard(played, seed, late_s=late_s, jitter_s=0.005))
    assert constant_offset_s(reference, estimate, window_s=5.0) == pytest.approx(late_s, abs=0.003)
    assert constant_offset_s(estimate, reference, window_s=5.0) == pytest.approx(-late_s, abs=0.003)


def test_a_shift_is_found_to_the_last_digit():
    reference = EventTable.of_notes(crowd(1, n_notes=50, duration_s=20.0, n_keys=24))
    for by_s in (-3.21987, -0.0001, 0.0, 1.23456):
        assert constant_offset_s(reference, reference.shifted(by_s), window_s=5.0) == pytest.approx(by_s, abs=1e-9)


def test_what_lies_beyond_the_window_is_not_found():
    reference, estimate = table(note(1, 2)), table(note(4, 5))
    assert constant_offset_s(reference, estimate, window_s=2.0) == 0.0
    assert constant_offset_s(reference, estimate, window_s=3.0) == pytest.approx(3.0)


@pytest.mark.parametrize(("reference", "estimate"), [((), ()), ((), (note(1, 2),)), ((note(1, 2),), ())])
def test_nothing_to_go_by(reference, estimate):
    assert constant_offset_s(table(*reference), table(*estimate), window_s=5.0) == 0.0


def test_other_keys_tell_nothing():
    assert constant_offset_s(table(note(1, 2, key=60)), table(note(2, 3, key=61)), window_s=5.0) == 0.0


def test_of_equals_the_smallest_offset_wins():
    reference, estimate = table(note(5, 5.1)), table(note(3, 3.1), note(5.5, 5.6), note(8, 8.1))
    assert constant_offset_s(reference, estimate, window_s=5.0) == pytest.approx(0.5)
