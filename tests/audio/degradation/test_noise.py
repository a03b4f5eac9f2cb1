"""Noise of a level and a colour."""

import numpy as np
import pytest
from scipy import signal

from pianotrans.audio.degradation.noise import Noise, make_noise

RATE = 44_100
STEREO = np.random.default_rng(1).normal(0, 0.1, (2, RATE)).astype(np.float32)


@pytest.mark.parametrize("slope", [0.0, 1.5])
@pytest.mark.parametrize("level_db", [3.0, 40.0])
def test_noise_level_and_colour(level_db: float, slope: float):
    made = make_noise(Noise(level_db, slope, (1, 2)), STEREO, RATE)
    assert 10 * np.log10(np.mean(STEREO**2) / np.mean(made**2)) == pytest.approx(level_db, abs=1e-4)
    hz, power = signal.welch(made[0], RATE, nperseg=4096)
    high, low = (power[(hz > centre / 1.2) & (hz < centre * 1.2)].mean() for centre in (8000, 500))
    assert np.log(low / high) / np.log(16) == pytest.approx(slope, abs=0.15)


def test_noise_under_silence_is_silent():
    silence = np.zeros((1, 1000), np.float32)
    np.testing.assert_array_equal(make_noise(Noise(10.0, 1.0, (1,)), silence, RATE), 0)
