"""What the sustain pedal adds to the sound: strings that sing along, and the noise of the dampers.

While the pedal is down every string may move. What sounds sets them all in motion, each at its own partials, and
they ring until the dampers fall (Lehtonen, Penttinen, Rauhala and Välimäki, "Analysis and modeling of piano
sustain-pedal effects", JASA 122, 2007). Here the sound itself is filtered with the response of all strings that
have dampers: decaying partials of random phase. Dampers that rise stroke the strings: short noise, filtered alike.

The two levels are assumptions, since no sample here was recorded with the pedal down.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from pianotrans.events import Pedal
from pianotrans.piano import LOWEST_KEY
from pianotrans.training.synthesis.library import Sound

LAST_DAMPED = 90  # F#6: the strings above it have no dampers
RESONANCE_DB = -26.0  # energy of what all strings add to a short sound
DAMPER_DB = -50.0  # peak of the noise of the dampers, before the strings: full scale is a string at velocity 127
FALL_S = 0.25  # in which the strings fall by 60 dB when the dampers come back: as in `instrument`, on average

_LENGTH_S = 3.0  # of the response: what rings longer is 20 dB down and more
_HIGHEST_HZ = 5000.0
_MOST_PARTIALS = 12
_DECAY_S = (20.0, 2.0)  # to fall by 60 dB, of the lowest and the highest string
_DAMPER_NOISE_S = 0.06  # in which the dampers leave the strings
_SEED = 64


def add_pedal_sound(sound: Sound, sustained: tuple[Pedal, ...], rate: int) -> Sound:
    """A dry performance (n, 2) with what each stroke of the sustain pedal adds, at most to its own end.

    A stroke costs a convolution: some 20 ms of work for a second of sound.
    """
    response, wet = _strings(rate), sound.copy()
    for number, pedal in enumerate(sustained):
        begin, end = (min(round(time_s * rate), len(sound)) for time_s in (pedal.onset_s, pedal.offset_s))
        if begin == end:
            continue
        heard = sound[begin:end] + _damper_noise(end - begin, rate, number)
        n_fall = round(1.5 * FALL_S * rate)
        ringing = signal.oaconvolve(heard, response, axes=0)[: end - begin + n_fall]
        late_s = np.maximum(np.arange(len(ringing)) - (end - begin), 0) / rate
        ringing *= (10 ** (-3 * late_s / FALL_S))[:, None]
        stop = min(begin + len(ringing), len(sound))
        wet[begin:stop] += ringing[: stop - begin].astype(np.float32)
    return wet


@lru_cache(maxsize=2)
def _strings(rate: int) -> NDArray[np.float32]:
    """The response of all damped strings together, (n, 2), whose energy is RESONANCE_DB."""
    random = np.random.default_rng(_SEED)
    time_s = np.arange(round(_LENGTH_S * rate)) / rate
    response = np.zeros((len(time_s), 2))
    for key in range(LOWEST_KEY, LAST_DAMPED + 1):
        hz = 440 * 2 ** ((key - 69) / 12)
        decay_s = np.interp(key, (LOWEST_KEY, LAST_DAMPED), _DECAY_S)
        for partial in range(1, 1 + min(_MOST_PARTIALS, int(min(_HIGHEST_HZ, 0.45 * rate) / hz))):
            falling = 10 ** (-3 * time_s * np.sqrt(partial) / decay_s) / partial
            for channel, phase in enumerate(random.uniform(0, 2 * np.pi, 2)):
                response[:, channel] += falling * np.sin(2 * np.pi * partial * hz * time_s + phase)
    gain = 10 ** (RESONANCE_DB / 20) / np.sqrt(np.sum(response**2, axis=0))
    return np.asarray(response * gain, np.float32)


def _damper_noise(n_samples: int, rate: int, number: int) -> Sound:
    """The dampers leaving the strings, (n_samples, 2): falling noise, another for every stroke."""
    random = np.random.default_rng((_SEED, number))
    n = min(round(_DAMPER_NOISE_S * rate), n_samples)
    noise = random.normal(0, 10 ** (DAMPER_DB / 20) / 3, (n, 2)) * np.linspace(1, 0, n)[:, None]
    return np.pad(noise, ((0, n_samples - n), (0, 0))).astype(np.float32)
