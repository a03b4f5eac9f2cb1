"""Musical time: positions and seconds, bars, and what is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.errors import MidiError
from pianotrans.events import TempoMap

from .strategies import quick
from .tempo_maps import tempo_maps


@quick
@given(tempo_maps, st.floats(-20, 200))
def test_positions_and_times_are_inverse(tempo_map, time_s):
    assert tempo_map.time_at(tempo_map.quarter_at(time_s)) == pytest.approx(time_s, abs=1e-6)
    for position, beat_s in zip(tempo_map.positions, tempo_map.times_s, strict=True):
        assert tempo_map.time_at(position) == pytest.approx(beat_s, abs=1e-9)
        assert tempo_map.quarter_at(beat_s) == pytest.approx(float(position), abs=1e-6)


def test_the_tempo_is_steady_between_positions_and_beyond_the_ends():
    tempo_map = TempoMap((Fraction(0), Fraction(1), Fraction(3)), (1.0, 2.0, 3.0))
    assert [tempo_map.quarter_at(t) for t in (0, 1, 1.5, 2.25, 3, 4)] == [-1, 0, 0.5, 1.5, 3, 5]
    assert [tempo_map.time_at(q) for q in (-1, Fraction(1, 2), 2, 5)] == [0, 1.5, 2.5, 4]


@pytest.mark.parametrize(
    ("given", "written", "lines"),
    [
        (((0, 4, 4),), ((0, 4, 4),), (0, 4, 8)),
        (((0, 3, 4), (1, 3, 4)), ((0, 1, 4), (1, 3, 4)), (0, 1, 4, 7, 10)),
        (((0, 3, 4), (6, 3, 4)), ((0, 3, 4),), (0, 3, 6, 9)),
        (((0, 4, 4), (4.5, 6, 8)), ((0, 4, 4), (4, 1, 8), (4.5, 6, 8)), (0, 4, 4.5, 7.5)),
        (((0, 2, 4), ("1/3", 2, 4)), ((0, 2, 4),), (0, Fraction("1/3"), Fraction("7/3"))),
        ((), (), ()),
    ],
    ids=["plain", "pickup", "said twice", "short bar", "no signature has it", "none"],
)
def test_bars(given, written, lines):
    signatures = tuple((Fraction(position), *meter) for position, *meter in given)
    tempo_map = TempoMap((Fraction(0), Fraction(10)), (0.0, 5.0), signatures)
    assert tempo_map.written_time_signatures() == written
    assert tempo_map.bar_lines()[: len(lines)] == lines
    assert all(line <= 10 for line in tempo_map.bar_lines())


@pytest.mark.parametrize(
    ("positions", "times_s", "more", "message"),
    [
        ((0,), (0.0,), {}, "two or more"),
        ((1, 2), (0.0, 1.0), {}, "the first at position 0"),
        ((0, 1, 1), (0.0, 1.0, 2.0), {}, "increasing"),
        ((0, 1), (1.0, 1.0), {}, "increasing"),
        ((0, 1), (0.0, float("nan")), {}, "increasing"),
        ((0, 1), (0.0, 1.0), {"time_signatures": ((1, 3, 4),)}, "the first at 0"),
        ((0, 1), (0.0, 1.0), {"time_signatures": ((0, 3, 4), (0, 4, 4))}, "in order"),
        ((0, 1), (0.0, 1.0), {"time_signatures": ((0, 3, 5),)}, "3/5"),
        ((0, 1), (0.0, 1.0), {"time_signatures": ((0, 256, 4),)}, "256/4"),
        ((0, 1), (0.0, 1.0), {"key_signatures": ((0, 8, "major"),)}, "8 fifths"),
        ((0, 1), (0.0, 1.0), {"key_signatures": ((0, 1, "dorian"),)}, "dorian"),
    ],
)
def test_what_no_map_can_be(positions, times_s, more, message):
    with pytest.raises(MidiError, match=message):
        TempoMap(tuple(map(Fraction, positions)), times_s, **more)
