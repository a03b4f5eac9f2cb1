"""The equaliser: each band has its gain."""

import numpy as np
import pytest
from scipy import signal

from pianotrans.audio.degradation.filters import equalise

RATE = 44_100


@pytest.mark.parametrize("hz", [80, 160, 320, 640, 1280, 2560, 5120])
def test_equaliser_gains(hz: int):
    """Each band alone has its gain in its middle, and next to none two octaves off."""
    gains_db = np.where(np.array([80, 160, 320, 640, 1280, 2560, 5120]) == hz, 3.0, 0.0)
    impulse = np.zeros((1, RATE))
    impulse[0, 0] = 1
    level_db = 20 * np.log10(np.abs(np.fft.rfft(equalise(impulse, gains_db, RATE)[0])))  # 1 Hz a bin
    assert level_db[hz] == pytest.approx(3.0, abs=1e-3)
    assert abs(level_db[hz // 4]) < 0.3
    assert abs(level_db[min(hz * 4, RATE // 2)]) < 0.3
    assert level_db.max() == pytest.approx(3.0, abs=1e-3)


def test_equaliser_follows_the_cookbook():
    """Against scipy's own peaking filter of the same bandwidth, which is another formula of the same thing."""
    b, a = signal.iirpeak(1280, 1.4, fs=RATE)  # gain 1 there, 0 elsewhere
    gain = 10 ** (3 / 20)
    impulse = np.zeros((1, RATE))
    impulse[0, 0] = 1
    ours = equalise(impulse, np.array([0, 0, 0, 0, 3.0, 0, 0]), RATE)[0]
    _, narrow = signal.freqz(b, a, worN=RATE // 2, fs=RATE)
    theirs = np.abs(1 + (gain - 1) * narrow)
    measured = np.abs(np.fft.rfft(ours))[: RATE // 2]
    assert np.abs(20 * np.log10(measured / theirs)).max() < 0.35
