"""A sampled grand piano, or a soundfont: a performance in, stereo sound out.

What it models: strength (timbre from the nearest layer, level as a smooth function of velocity), dampers, sustain
pedal, soft pedal, repeated keys, the noise of keys going up, tuning; by `resonance`, strings that sing along and
the noise of dampers that rise. What it leaves out: half pedalling, the thump of the pedal itself.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, zip_longest

import numpy as np

from pianotrans.errors import MidiError
from pianotrans.events import SOFT, SUSTAIN, Note, Pedal, Performance
from pianotrans.piano import HIGHEST_KEY, LOWEST_KEY, N_KEYS
from pianotrans.training.synthesis.library import PRE_ROLL_S, SampleLibrary, Sound
from pianotrans.training.synthesis.resonance import LAST_DAMPED, add_pedal_sound
from pianotrans.training.synthesis.soundfont import HeldString, SoundFont

Instrument = SampleLibrary | SoundFont

LEVEL_VELOCITY = 68  # at the centre of the layer that sets each key's level

DAMPING_S = (0.30, 0.15)  # time to fall by 60 dB once damped: at A0, at the last damped key
RESTRIKE_S = 0.08  # the same for a string that its own hammer strikes again
SOFT_VELOCITY = 0.8  # with the soft pedal down the hammer sounds as if it struck with this much of its velocity
RELEASE_GAIN = 10 ** (-37 / 20)  # the key noises were stored at full scale

_LOUDNESS_S = 0.3


@dataclass(frozen=True)
class _Stroke:
    """One string struck: how it begins, and when and how fast it is damped."""

    key: int
    strength: float  # velocity, softened
    onset_s: float
    offset_s: float  # when the key goes up
    stop_s: float  # when the string is damped
    fall_s: float  # time to fall by 60 dB from then on

    @property
    def velocity(self) -> int:
        """The strength as MIDI has it."""
        return max(1, round(self.strength))

    @property
    def heard_s(self) -> float:
        """How long it can be heard: down by 90 dB is below 16 bits."""
        return self.stop_s - self.onset_s + 1.5 * self.fall_s


def render(
    performance: Performance,
    instrument: Instrument,
    *,
    length_s: float,
    rate: int = 44_100,
    tuning_cents: Mapping[int, float] | None = None,
    resonance: bool = False,
) -> Sound:
    """Play a performance; returns float32 (round(length_s * rate), 2), not normalised.

    `tuning_cents` is how much sharp each key is; a soundfont is tuned as a whole. With `resonance` other strings
    sing along under the sustain pedal (see there). Whatever would sound after `length_s` is cut. Every sample that
    is needed is read once, as far as it is needed: 10 minutes of music take some 20 s, and 210 MB of memory.
    Raises MidiError for keys that no piano has, DatasetError for samples that are missing or damaged.
    """
    strokes = sorted(_strokes(performance, length_s), key=lambda one: (one.key, one.onset_s))
    if isinstance(instrument, SoundFont):
        held = (HeldString(one.key, one.velocity, one.onset_s, one.stop_s) for one in strokes)
        cents = float(np.mean([*tuning_cents.values()])) if tuning_cents else 0.0
        sound = instrument.play(held, length_s=length_s, rate=rate, cents=cents)
    else:
        sound = _render(strokes, instrument, length_s, rate, tuning_cents or {})
    return add_pedal_sound(sound, performance.pedals_of(SUSTAIN), rate) if resonance else sound


def _render(
    strokes: list[_Stroke], library: SampleLibrary, length_s: float, rate: int, tuning_cents: Mapping[int, float]
) -> Sound:
    sound = np.zeros((round(length_s * rate), 2), np.float32)

    def sample_of(stroke: _Stroke) -> tuple[int, int]:
        return stroke.key, library.layer_of(stroke.strength)

    for (key, layer), of_one_sample in groupby(sorted(strokes, key=sample_of), key=sample_of):
        together = list(of_one_sample)
        cents = tuning_cents.get(key, 0.0)
        longest_s = max(_LOUDNESS_S, *(one.heard_s for one in together))
        string = library.string(key, layer, longest_s, rate, cents)
        at_level = _level(library, key, rate) / _loudness(string, rate)
        for one in together:
            gain = np.float32(at_level * (one.strength / LEVEL_VELOCITY) ** 2)
            _add(sound, _damped(string, one, rate) * gain, one.onset_s, rate)
            noise = library.release(key, rate)
            if noise is not None:
                _add(sound, noise * np.float32(RELEASE_GAIN * one.strength / 127), one.offset_s, rate)
    return sound


def _strokes(performance: Performance, length_s: float) -> Iterator[_Stroke]:
    sustained, softened = performance.pedals_of(SUSTAIN), performance.pedals_of(SOFT)
    by_key = sorted(performance.notes, key=lambda note: (note.key, note.onset_s))
    for note, following in zip_longest(by_key, by_key[1:]):
        if not LOWEST_KEY <= note.key <= HIGHEST_KEY:
            raise MidiError(
                f"key {note.key}: a piano has the MIDI keys {LOWEST_KEY} to {HIGHEST_KEY}. "
                "Transpose the note, or leave it out."
            )
        strength = note.velocity * (SOFT_VELOCITY if _held_at(softened, note.onset_s) else 1.0)
        stop_s, fall_s = _damped_at(note, sustained), _damping_s(note.key)
        if following is not None and following.key == note.key and following.onset_s <= stop_s:
            stop_s, fall_s = following.onset_s, RESTRIKE_S
        stop_s = min(stop_s, max(length_s, note.onset_s))
        yield _Stroke(note.key, strength, note.onset_s, note.offset_s, stop_s, fall_s)


def _held_at(pedals: tuple[Pedal, ...], time_s: float) -> Pedal | None:
    """The pedal that is down at a moment; they are in order and do not overlap."""
    i = bisect_right(pedals, time_s, key=lambda pedal: pedal.onset_s) - 1
    return pedals[i] if i >= 0 and time_s < pedals[i].offset_s else None


def _damped_at(note: Note, sustained: tuple[Pedal, ...]) -> float:
    """When the damper falls: key up and sustain pedal up; never for the undamped top of the keyboard."""
    if note.key > LAST_DAMPED:
        return np.inf
    held = _held_at(sustained, note.offset_s)
    return note.offset_s if held is None else held.offset_s


def _damping_s(key: int) -> float:
    """Seconds in which a damped string falls by 60 dB: longer for the heavy strings of the bass."""
    return float(np.interp(key, (LOWEST_KEY, LAST_DAMPED), DAMPING_S))


@lru_cache(maxsize=N_KEYS)
def _level(library: SampleLibrary, key: int, rate: int) -> float:
    """The loudness of a key at LEVEL_VELOCITY. A stroke's own layer only sets its timbre."""
    return _loudness(library.string(key, library.layer_of(LEVEL_VELOCITY), _LOUDNESS_S, rate), rate)


def _loudness(string: Sound, rate: int) -> float:
    """Root mean square of the first 0.3 s."""
    return float(np.sqrt(np.mean(np.square(string[: round(_LOUDNESS_S * rate)]))))


def _damped(string: Sound, stroke: _Stroke, rate: int) -> Sound:
    """A string that falls by 60 dB within `fall_s` from `stop_s` on."""
    begin_s = PRE_ROLL_S + stroke.stop_s - stroke.onset_s
    end = min(len(string), round((begin_s + 1.5 * stroke.fall_s) * rate))
    late_s = np.maximum(np.arange(end) / rate - begin_s, 0)
    return string[:end] * (10 ** (-3 * late_s / stroke.fall_s)).astype(np.float32)[:, None]


def _add(sound: Sound, part: Sound, attack_s: float, rate: int) -> None:
    """Mix `part`, whose attack is at PRE_ROLL_S, into `sound` so that the attack is at `attack_s`."""
    begin = round((attack_s - PRE_ROLL_S) * rate)
    part = part[max(-begin, 0) :]
    begin = max(begin, 0)
    n = min(len(part), max(len(sound) - begin, 0))
    sound[begin : begin + n] += part[:n]
