"""Fitting a performance to its receiver: by example, and what holds for any performance."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.errors import UsageError
from pianotrans.events import CONTROLLERS, Durations, Fitting, Note, Pedal, Performance, extend_by_pedal
from pianotrans.events.fitting import with_gaps, with_longest, with_pedal_lifts

from .strategies import fewer, performances
from .test_cleaning import limits_s, of

fittings = st.builds(Fitting, st.sampled_from(Durations), st.booleans(), limits_s, limits_s, limits_s)


def test_the_gap_between_repeated_notes():
    near, next_one, other = Note(0, 1, 60, 64), Note(1, 2, 60, 64), Note(1, 2, 61, 64)
    assert with_gaps(of(near, next_one, other), 0.25) == of(Note(0, 0.75, 60, 64), next_one, other)
    assert with_gaps(of(near, next_one), 0.75) == of(Note(0, 0.5, 60, 64), next_one)


def test_the_longest_note():
    short, long = Note(0, 1, 60, 64), Note(0, 5, 61, 64)
    assert with_longest(of(short, long), 2) == of(short, Note(0, 2, 61, 64))


def test_pedals_go_up_earlier_and_never_down_later():
    first, second = Pedal(0, 1, "sustain", 0.5, 0.25), Pedal(1.125, 2, "sustain")
    soft = Pedal(1.01, 1.015, "soft")
    lifted = with_pedal_lifts(of(first, second, soft), 0.25)
    assert lifted == of(Pedal(0, 0.875, "sustain", 0.5, 0.25), second, soft)
    assert with_pedal_lifts(of(first, second), 0.6) == of(Pedal(0, 2, "sustain", None, 0.25)), "no time to lift it"


def test_gaps_stay_though_the_pedal_lengthens_notes():
    played = of(Note(0, 0.2, 60, 64), Note(1, 1.2, 60, 64), Pedal(0.1, 2, "sustain"))
    fitted = Fitting(durations=Durations.sounding, repeat_gap_s=0.25).apply(played)
    assert fitted == of(Note(0, 0.75, 60, 64), Note(1, 2, 60, 64))


@pytest.mark.parametrize("name", ["repeat_gap_s", "max_duration_s", "pedal_lift_s"])
@pytest.mark.parametrize("value", [-0.1, math.inf, math.nan])
def test_times_that_mean_nothing_are_refused(name: str, value: float):
    with pytest.raises(UsageError, match=f"{name}: {value} given"):
        Fitting(**{name: value})


@fewer
@given(performances)
def test_nothing_is_done_unless_asked_for(performance: Performance):
    assert Fitting().apply(performance) == performance
    assert Fitting(Durations.sounding).apply(performance) == extend_by_pedal(performance)
    assert Fitting().options() == ()


@fewer
@given(performances, fittings)
def test_no_note_is_lost_or_moved(performance: Performance, fitting: Fitting):
    def struck(performance: Performance) -> Counter[tuple[float, int, int]]:
        return Counter((note.onset_s, note.key, note.velocity) for note in performance.notes)

    fitted = fitting.apply(performance)
    assert struck(fitted) == struck(performance)
    if fitting.max_duration_s > 0.001:  # less than the spacing of numbers this far from 0 leaves a note as it is
        assert all(n.offset_s - n.onset_s <= fitting.max_duration_s + 1e-6 for n in fitted.notes)


@fewer
@given(performances, st.floats(1e-3, 1))
def test_pedals_are_up_long_enough_and_hold_what_they_held(performance: Performance, lift_s: float):
    fitted = with_pedal_lifts(performance, lift_s)
    for kind in CONTROLLERS:
        before, after = performance.pedals_of(kind), fitted.pedals_of(kind)
        assert all(later.onset_s - one.offset_s >= lift_s - 1e-6 for one, later in pairwise(after))
        for one in before:
            holding = [other for other in after if other.onset_s <= one.onset_s <= other.offset_s]
            assert holding, "it is down where it was pressed"
            assert max(other.offset_s for other in holding) >= one.offset_s - lift_s - 1e-6


@fewer
@given(performances, limits_s)
def test_gaps_move_no_onset_and_leave_something_of_every_note(performance, gap_s):
    cleaned = with_gaps(performance, gap_s)
    assert sorted((n.key, n.onset_s) for n in cleaned.notes) == sorted(
        (n.key, n.onset_s) for n in performance.notes
    )
    for note in cleaned.notes if gap_s else ():
        later = [other.onset_s for other in cleaned.notes if other.key == note.key and other.onset_s > note.onset_s]
        if later:
            room_s = min(later) - note.onset_s
            assert min(later) - note.offset_s >= min(gap_s, room_s / 2) - 1e-9
