"""Events as arrays: nothing is lost but overlaps, and a part of them gives the same labels as all of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.events import SUSTAIN, Note, Pedal, Performance
from pianotrans.network import ModelConfig
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.labels import Labels, labels_of
from tests.events.strategies import performances, quick
from tests.synthesis import random_performance

CONFIG = ModelConfig()


def assert_same(one: Labels, other: Labels) -> None:
    for name, values in vars(one).items():
        np.testing.assert_array_equal(values, getattr(other, name), err_msg=name)


def test_what_does_not_overlap_comes_back():
    performance = random_performance(3, 20.0)
    assert performance.pedals
    again = EventArrays.of(performance).performance()
    assert (again.notes, again.pedals) == (performance.notes, performance.pedals)


def test_an_overlapped_note_ends_where_its_key_is_struck_again():
    long, short = Note(1.0, 100.0, 60, 50), Note(10.0, 20.0, 60, 90)
    doubled, other = Note(10.0, 15.0, 60, 30), Note(5.0, 30.0, 61, 70)
    table = EventArrays.of(Performance((long, short, doubled, other)))
    assert table.performance().notes == (Note(1.0, 10.0, 60, 50), other, short)
    assert table.performance(50.0, 66.0).notes == ()


def test_only_what_sounds_between_two_moments():
    notes = (Note(0.0, 1.0, 60, 1), Note(1.0, 2.0, 61, 2), Note(2.0, 3.0, 62, 3))
    table = EventArrays.of(Performance(notes, (Pedal(0.5, 9.0, SUSTAIN),)))
    part = table.performance(1.0, 2.0)
    assert part.notes == notes[1:2]
    assert part.pedals == (Pedal(0.5, 9.0, SUSTAIN),)


def test_faster_is_earlier():
    table = EventArrays.of(Performance((Note(1.0, 3.0, 60, 1),), (Pedal(2.0, 4.0, SUSTAIN),)))
    fast = table.performance(speed=2.0)
    assert (fast.notes, fast.pedals) == ((Note(0.5, 1.5, 60, 1),), (Pedal(1.0, 2.0, SUSTAIN),))


@pytest.mark.slow
@quick
@given(performances, st.floats(-16, 30))
def test_labels_of_a_part_are_those_of_the_whole(performance: Performance, start_s: float):
    n_samples = 16 * 44_100
    part = EventArrays.of(performance).performance(start_s, start_s + 16)
    assert_same(labels_of(part, start_s, CONFIG, n_samples), labels_of(performance, start_s, CONFIG, n_samples))


def test_tables_can_be_joined_taken_apart_and_sent():
    tables = [EventArrays.of(random_performance(seed, 5.0)) for seed in (1, 2)]
    joined = EventArrays.joined(tables)
    part = joined.part(len(tables[0]), len(joined))
    assert part.performance() == tables[1].performance()
    assert pickle.loads(pickle.dumps(part)).performance() == tables[1].performance()
    assert len(EventArrays.joined([])) == len(EventArrays.of(Performance())) == 0
