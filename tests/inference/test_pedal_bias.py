"""A bias towards the sustain pedal."""

import numpy as np
import pytest

from pianotrans.errors import UsageError
from pianotrans.events import SOFT, SUSTAIN, Performance
from pianotrans.inference.transcriber import Transcriber
from tests.synthesis import random_performance, render

RATE, DURATION_S = 16_000, 6.0


@pytest.fixture(scope="module")
def heard() -> dict[float, Performance]:
    """What the tiny model makes of one recording, by bias."""
    samples = render(random_performance(3, DURATION_S), RATE, 3)
    found = {}
    for bias in (-100.0, 0.0, 100.0):
        transcriber = Transcriber("tiny", device="cpu", precision="float32", tuning="off", pedal_bias=bias)
        found[bias] = transcriber.transcribe(samples, RATE)
    return found


def time_down_s(performance: Performance) -> float:
    return sum(pedal.offset_s - pedal.onset_s for pedal in performance.pedals_of(SUSTAIN))


def test_the_pedal_is_down_the_longer_the_greater_the_bias(heard: dict[float, Performance]):
    down_s = [time_down_s(heard[bias]) for bias in sorted(heard)]
    assert down_s == sorted(down_s)
    assert down_s[-1] > 0.9 * DURATION_S
    assert down_s[0] < 0.1 * DURATION_S


def test_nothing_but_the_sustain_pedal_changes(heard: dict[float, Performance]):
    without = heard[0.0]
    for other in heard.values():
        assert [note.key for note in other.notes] == [note.key for note in without.notes]
        onsets_s = [[note.onset_s for note in one.notes] for one in (other, without)]
        np.testing.assert_allclose(*onsets_s, atol=1e-3)
        assert len(other.pedals_of(SOFT)) == len(without.pedals_of(SOFT))


@pytest.mark.parametrize("bias", [float("nan"), float("inf"), 101.0, -101.0])
def test_what_is_no_bias(bias: float):
    with pytest.raises(UsageError, match=r"It must be from -100 to 100") as caught:
        Transcriber("tiny", device="cpu", pedal_bias=bias)
    assert caught.value.settings == ("pedal_bias",)
