"""From the model's seconds to those of the recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.inference.stitching import Event
from pianotrans.inference.times import Times


def spans(times: Times, *events: tuple[float, float], duration_s: float, tolerance_s: float = 0.01):
    played = [Event(0, onset_s, offset_s, 64) for onset_s, offset_s in events]
    mapped = times.of_recording(played, duration_s, tolerance_s)
    return [(event.onset_s, event.offset_s) for event in mapped]


@given(st.floats(0, 1e5), st.floats(1e-3, 1e3))
def test_a_recording_in_tune_keeps_its_times_to_the_last_bit(onset_s, length_s):
    span = (onset_s, onset_s + length_s)
    assert spans(Times.of(0.0), span, duration_s=2e5) == [span]


@pytest.mark.parametrize(("cents", "rate"), [(1200, 0.5), (-1200, 2.0), (-45, 2 ** (45 / 1200))])
def test_a_flat_recording_is_heard_faster(cents, rate):
    times = Times.of(cents, origin_s=60.0)
    assert times.rate == pytest.approx(rate, rel=1e-12)
    assert times.recording_s(0.0) == 60.0
    assert spans(times, (1.0, 2.0), duration_s=10) == [pytest.approx((60 + rate, 60 + 2 * rate), rel=1e-12)]


def test_nothing_lasts_longer_than_the_recording():
    events = [(1.0, 5.005), (1.5, 5.143), (4.9, 5.02), (5.0, 5.1), (5.2, 5.3)]
    assert spans(Times(), *events, duration_s=5.0) == [(1.0, 5.005), (1.5, 5.0), (4.9, 5.0)]
    assert spans(Times(origin_s=60.0), (1.0, 6.0), duration_s=5.0) == [(61.0, 65.0)]
