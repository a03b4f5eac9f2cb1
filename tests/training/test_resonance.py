"""What the sustain pedal adds to the sound of a sampled piano."""

import numpy as np
import pytest

from pianotrans.events import SUSTAIN, Pedal
from pianotrans.training.synthesis.resonance import RESONANCE_DB, add_pedal_sound

RATE = 16_000


def click(at_s: float, length_s: float = 3.0) -> np.ndarray:
    sound = np.zeros((round(length_s * RATE), 2), np.float32)
    sound[round(at_s * RATE)] = 1
    return sound


def energy(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    return float(np.sum(sound[round(begin_s * RATE) : round(end_s * RATE)].astype(np.float64) ** 2) / 2)


def added(dry: np.ndarray, *strokes: tuple[float, float]) -> np.ndarray:
    return add_pedal_sound(dry, tuple(Pedal(*stroke, SUSTAIN) for stroke in strokes), RATE) - dry


def test_without_the_pedal_nothing_is_added():
    np.testing.assert_array_equal(added(click(0.5)), 0)


def test_strings_ring_while_the_pedal_is_down_and_no_longer():
    what = added(click(0.5), (0.2, 1.5))
    assert not what[: round(0.2 * RATE)].any()
    assert 10 * np.log10(energy(what, 0.5, 1.5)) == pytest.approx(RESONANCE_DB, abs=3)
    assert energy(what, 1.8, 2.0) < 1e-4 * energy(what, 1.3, 1.5)


def test_what_sounded_before_the_pedal_went_down_moves_no_string():
    early, late = (energy(added(click(at_s), (1.0, 2.0)), 1.0, 2.0) for at_s in (0.9, 1.1))
    assert early < 0.1 * late, "the noise of the dampers alone"
    assert early > 0


def test_strings_of_the_same_partials_sing_the_loudest():
    time_s = np.arange(3 * RATE) / RATE
    tones = [np.stack(2 * [0.1 * np.sin(2 * np.pi * hz * time_s)], axis=1).astype(np.float32) for hz in (440, 453)]
    in_tune, between = (energy(added(tone, (0.5, 2.5)), 1.0, 2.5) for tone in tones)
    assert in_tune > 3 * between


def test_strokes_at_and_beyond_the_end():
    what = added(click(0.5, 1.0), (0.9, 5.0), (5.5, 6.0))
    assert what.shape == (RATE, 2)
    assert what[round(0.95 * RATE) :].any()
