"""Every step of the clean-up: by example, and what holds for any performance."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.events import Cleaning, Note, Pedal, Performance
from pianotrans.events.cleaning import (
    with_joined_notes,
    with_joined_pedals,
    with_velocity_curve,
    without_doubtful,
    without_quiet,
    without_short,
)

from .strategies import fewer, performances

limits_s = st.floats(0, 1)


def of(*events: Note | Pedal) -> Performance:
    notes = tuple(event for event in events if isinstance(event, Note))
    return Performance(notes, tuple(event for event in events if isinstance(event, Pedal)), 10)


def test_doubtful_notes_go():
    sure, doubtful, unknown = (Note(i, i + 1, 60, 64, p) for i, p in enumerate((0.5, 0.49, None)))
    pedal = Pedal(0, 1, "soft", 0.1, 0.9)
    assert without_doubtful(of(sure, doubtful, unknown, pedal), 0.5) == of(sure, unknown, pedal)
    assert without_doubtful(of(sure, doubtful, unknown, pedal), 0.1) == of(sure, doubtful, unknown, pedal)
    onsets = [Note(i, i + 1, 60, 64, 0.1, p) for i, p in enumerate((0.5, 0.49, None))]
    assert without_doubtful(of(*onsets, pedal), 0, 0.5) == of(onsets[0], onsets[2], pedal)
    assert Cleaning(min_onset_confidence=0.5).apply(of(*onsets, pedal)) == of(onsets[0], onsets[2], pedal)


def test_quiet_and_short_notes_go():
    soft, loud = Note(0, 1, 60, 19), Note(1, 1.5, 60, 20)
    pedal = Pedal(0, 0.01, "soft")
    assert without_quiet(of(soft, loud, pedal), 20) == of(loud, pedal)
    assert without_short(of(soft, loud, pedal), 0.5) == of(soft, loud, pedal)
    assert without_short(of(soft, loud, pedal), 0.51) == of(soft, pedal)


def test_a_broken_note_is_joined():
    first, rest = Note(0, 1, 60, 64, 0.5, 0.75), Note(1.02, 2, 60, 64, 0.5, 0.5)
    assert with_joined_notes(of(first, rest), 0.03) == of(Note(0, 2, 60, 64, None, 0.75))
    assert with_joined_notes(of(first, rest), 0.01) == of(first, rest)


@pytest.mark.parametrize("later", [Note(1.02, 2, 61, 64), Note(1.02, 2, 60, 65)])
def test_another_key_and_a_harder_stroke_are_notes_of_their_own(later):
    first = Note(0, 1, 60, 64, 0.5)
    assert with_joined_notes(of(first, later), 0.03) == of(first, later)


def test_the_pedals_flicker_is_merged_kind_by_kind():
    down = [Pedal(0, 1, "sustain", 0.5, 0.25), Pedal(1.04, 2, "sustain"), Pedal(2.1, 3, "sustain")]
    soft = Pedal(1.01, 1.02, "soft")
    assert with_joined_pedals(of(*down, soft), 0.05) == of(Pedal(0, 2, "sustain", None, 0.25), down[2], soft)


@pytest.mark.parametrize(
    ("exponent", "bent"), [(1, (1, 64, 127)), (0.5, (1, 90, 127)), (2, (1, 33, 127)), (100, (1, 1, 127))]
)
def test_the_velocity_curve(exponent, bent):
    notes = [Note(i, i + 1, 60, velocity) for i, velocity in enumerate((1, 64, 127))]
    assert tuple(note.velocity for note in with_velocity_curve(of(*notes), exponent).notes) == bent


def test_broken_notes_are_joined_before_short_ones_go():
    pieces = of(Note(0, 0.04, 60, 64), Note(0.05, 0.09, 60, 64), Note(5, 5.04, 60, 64))
    assert Cleaning(join_gap_s=0.02, min_duration_s=0.05).apply(pieces) == of(Note(0, 0.09, 60, 64))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_confidence": 1.1}, "min_confidence: 1.1 given; it must be from 0 to 1."),
        ({"min_confidence": math.nan}, "min_confidence: nan given"),
        ({"min_onset_confidence": -0.1}, "min_onset_confidence: -0.1 given"),
        ({"min_velocity": -1}, "min_velocity: -1 given; it must be from 0 to 127."),
        ({"min_velocity": 128}, "min_velocity: 128 given; it must be from 0 to 127."),
        ({"join_gap_s": math.inf}, "join_gap_s: inf given"),
        ({"min_duration_s": -0.1}, "min_duration_s: -0.1 given"),
        ({"pedal_gap_s": math.nan}, "pedal_gap_s: nan given"),
        ({"velocity_exponent": 0}, "velocity_exponent: 0 given; it must be above 0."),
    ],
)
def test_limits_that_mean_nothing_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Cleaning(**change)


@fewer
@given(performances)
def test_nothing_is_done_unless_asked_for(performance):
    assert Cleaning().apply(performance) == performance


@fewer
@given(performances, st.floats(0, 1), st.integers(0, 127), limits_s)
def test_what_is_left_keeps_the_limits_and_was_there(performance, confidence, velocity, duration_s):
    cleaning = Cleaning(min_confidence=confidence, min_velocity=velocity, min_duration_s=duration_s)
    cleaned = cleaning.apply(performance)
    assert set(cleaned.notes) <= set(performance.notes)
    assert cleaned.pedals == performance.pedals
    assert all(note.velocity >= velocity for note in cleaned.notes)
    assert all(note.offset_s - note.onset_s >= duration_s for note in cleaned.notes)
    assert all(x.confidence is None or x.confidence >= confidence for x in cleaned.notes)
    assert cleaning.apply(cleaned) == cleaned


@fewer
@given(performances, limits_s)
def test_joining_leaves_no_short_gap_and_loses_no_time(performance, gap_s):
    cleaned = with_joined_pedals(performance, gap_s)
    for kind in ("sustain", "soft"):
        before, after = performance.pedals_of(kind), cleaned.pedals_of(kind)
        for one in before:
            assert any(new.onset_s <= one.onset_s and one.offset_s <= new.offset_s for new in after)
        assert not gap_s or all(b.onset_s - a.offset_s >= gap_s for a, b in pairwise(after))
    notes = with_joined_notes(performance, gap_s).notes
    for one in performance.notes:
        assert any(n.key == one.key and n.onset_s <= one.onset_s and one.offset_s <= n.offset_s for n in notes)


@fewer
@given(st.floats(0.01, 100))
def test_the_curve_keeps_the_order_and_the_ends(exponent):
    scale = of(*(Note(i, i + 1, 60, i) for i in range(1, 128)))
    bent = [note.velocity for note in with_velocity_curve(scale, exponent).notes]
    assert (bent[0], bent[-1]) == (1, 127)
    assert bent == sorted(bent)
    assert all((new - old) * (1 - exponent) >= 0 for old, new in enumerate(bent, 1))
