"""What lies between the beginning of a file and the first beat."""

from fractions import Fraction

import pytest
from hypothesis import given

from pianotrans.events import TempoMap
from pianotrans.events.lead_in import with_lead_in

from .strategies import quick
from .tempo_maps import make_map, tempo_maps

SMALLEST = Fraction(1, 32)  # of a quarter: silence shorter than that belongs to the first beat


def begun(first_s, bars=((4, 4),) * 4, pickup=0):
    """Half a second to a beat."""
    led = with_lead_in(make_map(first_s, bars, pickup))
    return led, led.written_time_signatures()


@quick
@given(tempo_maps)
def test_times_and_bar_lines_stay(tempo_map):
    led = with_lead_in(tempo_map)
    assert (led.positions[0], led.times_s[0]) == (0, 0.0)
    behind = [i for i, time_s in enumerate(tempo_map.times_s) if time_s > 0]
    if len(behind) < 2:
        return
    shift = led.positions[-1] - tempo_map.positions[-1]
    for i in behind[1:]:
        assert led.times_s[led.positions.index(tempo_map.positions[i] + shift)] == tempo_map.times_s[i]
    first = tempo_map.positions[behind[0]]
    assert led.time_at(first + shift) == pytest.approx(tempo_map.times_s[behind[0]], abs=SMALLEST * 3.0)
    pickup = len(tempo_map.time_signatures) > 1 and tempo_map.time_signatures[1][0] < tempo_map.bar_lines()[-1]
    full = tempo_map.bar_lines()[pickup:]
    assert {line + shift for line in full if line >= first} <= set(led.bar_lines())


@quick
@given(tempo_maps)
def test_the_lead_in_is_at_most_twice_as_fast_or_slow_as_the_music(tempo_map):
    led = with_lead_in(tempo_map)
    music = tempo_map.time_at(tempo_map.quarter_at(0) + 1e-6) / 1e-6  # seconds per quarter at 0 s
    assert 0.4 * music < led.times_s[1] / float(led.positions[1]) < 2.1 * music


@pytest.mark.parametrize(
    ("first_s", "pickup", "downbeat", "written"),
    [
        (0.0, 0, 0, [(0, 4, 4)]),
        (2.0, 0, 4, [(0, 4, 4)]),
        (1.2, 0, 4, [(0, 4, 4)]),  # a bar at 200 quarters a minute
        (9.9, 0, 20, [(0, 4, 4)]),  # five bars at 121
        (0.9, 0, 2, [(0, 2, 4), (2, 4, 4)]),
        (0.1, 0, Fraction(1, 4), [(0, 1, 16), (Fraction(1, 4), 4, 4)]),
        (0.0, 1, 1, [(0, 1, 4), (1, 4, 4)]),
        (1.6, 1, 4, [(0, 4, 4)]),  # the silence and the pickup are one bar
        (-0.5, 0, 3, [(0, 3, 4), (3, 4, 4)]),
        (-0.8, 0, 2 + Fraction(1, 2), [(0, 5, 8), (2 + Fraction(1, 2), 4, 4)]),  # 0 s is 0.2 s before a beat
        (-1.8, 0, Fraction(1, 2), [(0, 1, 8), (Fraction(1, 2), 4, 4)]),
        (-2.0, 0, 0, [(0, 4, 4)]),
    ],
)
def test_where_the_first_full_bar_begins(first_s, pickup, downbeat, written):
    led, signatures = begun(first_s, pickup=pickup)
    assert list(signatures) == written
    assert downbeat in led.bar_lines()
    expected_s = first_s + pickup * 0.5 if first_s + pickup * 0.5 >= 0 else first_s + 2.0
    assert led.time_at(downbeat) == pytest.approx(expected_s)


def test_a_hundredth_of_a_second_belongs_to_the_first_beat():
    led, signatures = begun(0.01)
    assert led.times_s[:2] == pytest.approx((0, 0.51))
    assert led.positions[:2] == (0, 1)
    assert list(signatures) == [(0, 4, 4)]


def test_signatures_are_those_of_the_first_position_behind_0_s():
    tempo_map = TempoMap(
        tuple(map(Fraction, (0, 4, 7, 10, 16))),
        (-3.0, -1.0, 1.0, 2.0, 5.0),
        ((Fraction(0), 4, 4), (Fraction(4), 3, 4), (Fraction(10), 6, 8)),
        ((Fraction(0), 1, "major"), (Fraction(4), 2, None), (Fraction(10), -1, "minor")),
    )
    led = with_lead_in(tempo_map)
    assert led.positions == (0, 2, 5, 11)
    assert led.written_time_signatures() == ((0, 2, 4), (2, 3, 4), (5, 6, 8))
    assert led.key_signatures == ((0, 2, None), (5, -1, "minor"))


@pytest.mark.parametrize("last_s", [-7.3, -1.0, 0.0])
def test_a_map_that_ends_before_0_s_goes_on(last_s):
    led = with_lead_in(TempoMap((Fraction(0), Fraction(2)), (last_s - 1, last_s), ((Fraction(0), 2, 4),)))
    assert led.times_s[0] == 0
    assert led.time_at(led.positions[-1] + 1) - led.times_s[-1] == pytest.approx(0.5)
