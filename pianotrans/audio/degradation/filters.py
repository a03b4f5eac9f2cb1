"""Equalisers, and bands that are left of a recording."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio.samples import Block

BANDS_HZ = (80.0, 160.0, 320.0, 640.0, 1280.0, 2560.0, 5120.0)  # what the model hears: 30 to 8000 Hz
_BAND_Q = 1.4  # an octave
_ORDER = 6  # forwards and once more backwards: 72 dB per octave, 6 dB less at the edge


def equalise(samples: NDArray[np.float64], gains_db: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Samples (n_channels, n) through seven peaking filters, an octave apart, of these gains.

    The biquads are those of R. Bristow-Johnson's "Audio EQ Cookbook". Bands above half the rate are left out.
    """
    from scipy import signal

    bands = [(hz, gain) for hz, gain in zip(BANDS_HZ, gains_db, strict=True) if hz < 0.45 * rate]
    sections = [_peaking(2 * np.pi * hz / rate, 10 ** (gain_db / 40)) for hz, gain_db in bands]
    equalised: NDArray[np.float64] = signal.sosfilt(np.array(sections), samples, axis=-1)
    return equalised


def _peaking(angle: float, amplitude: float) -> NDArray[np.float64]:
    """One second-order section (b0, b1, b2, 1, a1, a2); its gain at `angle` (radians a sample) is amplitude²."""
    width = np.sin(angle) / (2 * _BAND_Q)
    middle = -2 * np.cos(angle)
    above = np.array([1 + width * amplitude, middle, 1 - width * amplitude])
    below = np.array([1 + width / amplitude, middle, 1 - width / amplitude])
    section: NDArray[np.float64] = np.concatenate([above, below]) / below[0]
    return section


def keep_below(samples: Block, rate: int, highest_hz: float) -> Block:
    """What lies below a frequency of samples (n_channels, n); all of it if that is no less than half the rate."""
    return samples if highest_hz >= rate / 2 else _filter(samples, rate, highest_hz, "lowpass")


def keep_above(samples: Block, rate: int, lowest_hz: float) -> Block:
    """What lies above a frequency."""
    return _filter(samples, rate, lowest_hz, "highpass")


def _filter(samples: Block, rate: int, edge_hz: float, kind: str) -> Block:
    """Forwards and backwards, which moves nothing in time."""
    from scipy import signal

    sections = signal.butter(_ORDER, edge_hz, kind, fs=rate, output="sos")
    n_padded = min(rate // 10, samples.shape[1] - 1)
    filtered = signal.sosfiltfilt(sections, samples, axis=-1, padtype="constant", padlen=n_padded)
    return np.ascontiguousarray(filtered, np.float32)
