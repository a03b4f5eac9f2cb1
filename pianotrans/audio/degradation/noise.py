"""Noise under a recording: of any colour, of many voices, of the mains."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio.samples import Block

_SLOPE_FROM_HZ = 50.0  # noise is level below

_MAINS_HZ, _N_HARMONICS = 50.0, 12
_N_VOICES = 6
_VOICES_HZ = (90.0, 230.0)
_SYLLABLE_S = 0.12  # voices change their loudness and their pitch from one of these to the next
_SPEECH_HZ = (150.0, 3500.0)

Key = tuple[int, ...]
Sound = NDArray[np.float64]  # (n_channels, n)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise to be added: its level under the signal, its colour, and what its generator starts from."""

    signal_to_noise_db: float
    slope: float
    key: Key


def make_noise(noise: Noise, samples: Block, rate: int) -> Sound:
    """Noise of the shape of `samples`, as far below their power as it says; under silence it is silent too."""
    from scipy import fft

    n_channels, n = samples.shape
    n_fast = fft.next_fast_len(n, real=True)
    random = np.random.default_rng(noise.key)
    hz = fft.rfftfreq(n_fast, 1 / rate)
    spectrum = random.standard_normal((2, n_channels, len(hz)), np.float32)
    spectrum *= (np.maximum(hz, _SLOPE_FROM_HZ) / _SLOPE_FROM_HZ) ** (-noise.slope / 2)
    made = fft.irfft(spectrum[0] + 1j * spectrum[1], n_fast)[:, :n]
    return _scaled(made, samples, noise.signal_to_noise_db)


def make_babble(random: np.random.Generator, samples: Block, rate: int, signal_to_noise_db: float) -> Sound:
    """Several voices that speak at once, the same in all channels, so far below the power of `samples`.

    A voice is a buzz of harmonics that glides, mixed with breath; a second-order band-pass gives it the spectrum of
    speech, and its loudness changes with every syllable.
    """
    from scipy import signal

    n = samples.shape[1]
    voices = sum(_voice(random, n, rate) for _ in range(_N_VOICES))
    lowest_hz, highest_hz = _SPEECH_HZ
    band = signal.butter(1, (lowest_hz, min(highest_hz, 0.45 * rate)), "bandpass", fs=rate, output="sos")
    return _scaled(signal.sosfilt(band, voices)[None], samples, signal_to_noise_db)


def _voice(random: np.random.Generator, n: int, rate: int) -> NDArray[np.float64]:
    """One voice, (n,), before its spectrum."""
    from scipy import signal

    n_syllables = int(n / rate / _SYLLABLE_S) + 2
    at = np.arange(n) / (rate * _SYLLABLE_S)
    knots = np.arange(n_syllables)
    loudness = np.interp(at, knots, random.uniform(0, 1, n_syllables) ** 2)
    hz = random.uniform(*_VOICES_HZ) * np.interp(at, knots, np.exp(random.normal(0, 0.12, n_syllables)))
    buzz = signal.sawtooth(2 * np.pi * (np.cumsum(hz) / rate + random.random()))
    voice: NDArray[np.float64] = loudness * (buzz + random.normal(0, 0.2, n))
    return voice


def make_hum(random: np.random.Generator, samples: Block, rate: int, signal_to_noise_db: float) -> Sound:
    """The mains and their harmonics, whose amplitudes fall as 1/k, so far below the power of `samples`."""
    time_s = np.arange(samples.shape[1]) / rate
    harmonics = np.arange(1, min(_N_HARMONICS, int(0.45 * rate / _MAINS_HZ)) + 1)
    waves = (np.sin(2 * np.pi * (k * _MAINS_HZ * time_s + random.random())) / k for k in harmonics)
    return _scaled(np.asarray(sum(waves))[None], samples, signal_to_noise_db)


def _scaled(made: Sound, samples: Block, signal_to_noise_db: float) -> Sound:
    wanted = np.mean(np.square(samples, dtype=np.float64)) * 10 ** (-signal_to_noise_db / 10)
    scaled: Sound = made * np.sqrt(wanted / np.mean(made**2))
    return scaled
