"""The beginning of a performance: what begins before the end, and nothing beyond it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.errors import MidiError
from pianotrans.events import Note, Pedal, Performance, begin_at, cut_at

from .strategies import fewer, performances

WHOLE = Performance(
    (Note(0.0, 1.0, 60, 64), Note(1.0, 3.0, 62, 65), Note(2.0, 4.0, 64, 66)),
    (Pedal(0.5, 2.5, "sustain"), Pedal(3.0, 4.0, "soft")),
    5.0,
)


def test_by_hand():
    assert cut_at(WHOLE, 2.0) == Performance(
        (Note(0.0, 1.0, 60, 64), Note(1.0, 2.0, 62, 65)), (Pedal(0.5, 2.0, "sustain"),), 2.0
    )


def test_what_begins_at_the_end_is_not_before_it():
    assert [note.key for note in cut_at(WHOLE, 1.0).notes] == [60]


def test_nothing_is_cut_off_after_the_end():
    assert cut_at(WHOLE, 5.0) == cut_at(WHOLE, 9.0) == WHOLE
    assert cut_at(Performance(), 1.0) == Performance()


@fewer
@given(performances, st.floats(0.01, 60.0), st.floats(0.01, 60.0))
def test_the_shorter_of_two_cuts_counts(whole, one_s, other_s):
    cut = cut_at(cut_at(whole, one_s), other_s)
    assert cut == cut_at(whole, min(one_s, other_s))
    assert cut.end_s <= min(one_s, other_s)
    assert cut.n_notes == sum(note.onset_s < min(one_s, other_s) for note in whole.notes)


def test_what_begins_later_keeps_its_times():
    assert begin_at(WHOLE, 1.0) == Performance(WHOLE.notes[1:], WHOLE.pedals[1:], 5.0)
    assert begin_at(WHOLE, 0.0) == WHOLE
    assert begin_at(WHOLE, 9.0) == Performance(duration_s=5.0)


def test_there_is_nothing_before_the_beginning():
    with pytest.raises(MidiError, match=r"a duration of -1\.0 s\. It must be finite, 0 s or more"):
        cut_at(WHOLE, -1.0)
