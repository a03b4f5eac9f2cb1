"""The stage that a performance is played on: the tuning of the piano, the room, the noise, the level."""

from dataclasses import dataclass

import numpy as np

from pianotrans.audio.degradation.noise import Key, Noise, make_noise
from pianotrans.audio.degradation.rooms import Response, make_room, play_in
from pianotrans.events import Performance
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY, N_KEYS
from pianotrans.training.synthesis.instrument import Instrument, render
from pianotrans.training.synthesis.library import Sound

TAIL_S = 2.0  # how long the recording goes on after the last key or pedal
HAMMER_S = 0.004  # from the moment that MIDI tells to the attack
"""The delay of MAESTRO's pianos, measured by the published model, which learnt from them: it hears the onsets of
samples without this delay 4 ms early (median of 2295 notes)."""

_FADE_S = 0.2
_TUNING_CENTS = 8.0  # the whole piano, standard deviation
_KEY_CENTS = 1.5  # each key besides
_DRY = 0.2  # of stages: as dry as the samples
_NOISE_DB = (40.0, 70.0)  # signal to noise
_NOISE_SLOPES = (0.5, 1.5)  # of power over frequency: between white and brown, like rooms
_PEAK_DB = (-12.0, -1.0)  # under full scale


@dataclass(frozen=True, eq=False)
class Stage:
    """One piano in one room. `Stage()` is the piano as it was recorded."""

    tuning_cents: tuple[float, ...] = (0.0,) * (N_KEYS)  # of each key, from the lowest
    room: Response | None = None
    noise: Noise | None = None
    peak: float = 10 ** (-3 / 20)
    resonance: bool = False  # whether other strings sing along under the sustain pedal

    @classmethod
    def draw(cls, key: Key, rate: int) -> "Stage":
        """A random one; a pure function of the key."""
        random = np.random.default_rng(key)
        tuning = random.normal(0, _TUNING_CENTS) + random.normal(0, _KEY_CENTS, N_KEYS)
        room = None if random.random() < _DRY else make_room(random, rate, 2)
        noise = Noise(random.uniform(*_NOISE_DB), random.uniform(*_NOISE_SLOPES), (*key, 1))
        peak = float(10 ** (random.uniform(*_PEAK_DB) / 20))
        return cls(tuple(tuning), room, noise, peak, resonance=True)

    def record(self, performance: Performance, instrument: Instrument, rate: int) -> Sound:
        """The performance as it sounds there, (n, 2), until TAIL_S after its end. Raises what `render` raises."""
        tuning = dict(zip(range(LOWEST_KEY, HIGHEST_KEY + 1), self.tuning_cents, strict=True))
        length_s = performance.end_s + TAIL_S
        sound = render(
            performance, instrument, length_s=length_s, rate=rate, tuning_cents=tuning, resonance=self.resonance
        )
        n, n_late = len(sound), round(HAMMER_S * rate)
        sound = np.pad(sound, ((n_late, 0), (0, 0)))[:n]
        if self.room is not None:
            sound = play_in(sound.T, self.room).T
        if self.noise is not None:
            sound = np.asarray(sound + make_noise(self.noise, sound.T, rate).T, np.float32)
        n_fade = min(round(_FADE_S * rate), n)
        sound[n - n_fade :] *= np.linspace(1, 0, n_fade)[:, None]
        return np.asarray(sound * (self.peak / np.abs(sound).max()), np.float32)
