"""Every way in which a recording can be made worse in steps: its name, its levels, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pianotrans.audio.degradation.codecs import through_aac, through_mp3
from pianotrans.audio.degradation.filters import keep_above, keep_below
from pianotrans.audio.degradation.levels import compress, invert_a_channel, leave_one_channel, store_at
from pianotrans.audio.degradation.noise import Noise, Sound, make_babble, make_hum, make_noise
from pianotrans.audio.degradation.rooms import play_in, room_of
from pianotrans.audio.degradation.speeds import Steady, TimeMap, Unsteady, cents_sharp, run_at, run_unsteadily
from pianotrans.audio.samples import Block

Change = Callable[[Block, int, float, np.random.Generator], Block]
"""Samples (n_channels, n), their rate, the level and a source of chance to samples, (n_channels or more, n)."""

_NOISE_DB = (40.0, 30.0, 20.0, 10.0, 0.0)
_TELEPHONE_HZ = (300.0, 3400.0)
_PHONE_HZ = (120.0, 8000.0)
_PHONE_ROOM_S = 0.4
_PHONE_BITS = 64_000  # per second


@dataclass(frozen=True)
class DegradationKind:
    """One way, and the levels at which it is measured unless others are asked for.

    `levels` are empty where there is nothing to choose, and any level from `lowest` to `highest` can be asked for
    otherwise. `time_map` is there where the recording runs at another speed.
    """

    name: str
    what: str
    change: Change
    unit: str = ""
    levels: tuple[float, ...] = ()
    lowest: float = 0.0
    highest: float = 0.0
    time_map: Callable[[float], TimeMap] | None = None


def _noise_of(slope: float) -> Change:
    def make(random: np.random.Generator, samples: Block, rate: int, level_db: float) -> Sound:
        return make_noise(Noise(level_db, slope, (int(random.integers(2**62)),)), samples, rate)

    return _added(make)


def _noise(name: str, what: str, change: Change, levels: tuple[float, ...] = _NOISE_DB) -> DegradationKind:
    return DegradationKind(name, what, change, "dB SNR", levels, -20.0, 80.0)


def _added(make: Callable[[np.random.Generator, Block, int, float], Sound]) -> Change:
    def add(samples: Block, rate: int, level_db: float, random: np.random.Generator) -> Block:
        return np.asarray(samples + make(random, samples, rate, level_db), np.float32)

    return add


def _reverberate(samples: Block, rate: int, level_s: float, random: np.random.Generator) -> Block:
    return play_in(samples, room_of(random, rate, len(samples), reverberation_s=level_s))


def _telephone(samples: Block, rate: int, _: float, __: np.random.Generator) -> Block:
    lowest_hz, highest_hz = _TELEPHONE_HZ
    return keep_above(keep_below(samples, rate, highest_hz), rate, lowest_hz)


def _phone(samples: Block, rate: int, _: float, random: np.random.Generator) -> Block:
    """In one channel: the room, the microphone's band, the compressor, the codec."""
    mono = np.mean(samples, axis=0, keepdims=True)
    heard = _reverberate(mono, rate, _PHONE_ROOM_S, random)
    lowest_hz, highest_hz = _PHONE_HZ
    banded = keep_above(keep_below(heard, rate, highest_hz), rate, lowest_hz)
    return through_aac(compress(banded, rate), rate, _PHONE_BITS)


def _at_speed(speed_of: Callable[[float], Steady]) -> Change:
    return lambda samples, rate, level, _: run_at(samples, rate, speed_of(level).speed)


def _per_cent_fast(level: float) -> Steady:
    return Steady(1 + level / 100)


def _per_cent_unsteady(level: float) -> Unsteady:
    return Unsteady(level / 100)


KINDS = {
    kind.name: kind
    for kind in (
        _noise("white", "white noise", _noise_of(0.0)),
        _noise("pink", "pink noise", _noise_of(1.0)),
        _noise("babble", "several voices at once, synthesised", _added(make_babble)),
        _noise("hum", "hum of the mains, 50 Hz and its harmonics", _added(make_hum), (40.0, 20.0, 0.0)),
        DegradationKind(
            "reverb",
            "a room that falls by 60 dB in this time, as loud as the direct sound",
            _reverberate,
            "s",
            (0.3, 0.6, 1.2, 2.5),
            0.05,
            10.0,
        ),
        DegradationKind(
            "detune",
            "the piano out of tune, by resampling; the reference moves along",
            _at_speed(cents_sharp),
            "cents",
            (-50.0, -25.0, -10.0, 10.0, 25.0, 50.0),
            -100.0,
            100.0,
            cents_sharp,
        ),
        DegradationKind(
            "speed",
            "a tape that runs too fast or too slowly; the reference moves along",
            _at_speed(_per_cent_fast),
            "%",
            (-4.0, -2.0, 2.0, 4.0),
            -20.0,
            20.0,
            _per_cent_fast,
        ),
        DegradationKind(
            "gain",
            "the loudest sample so far over full scale, where it is clipped, or under it; 16 bits",
            lambda samples, _, level, __: store_at(samples, level),
            "dB",
            (-40.0, -20.0, 0.0, 10.0, 20.0),
            -60.0,
            60.0,
        ),
        DegradationKind(
            "lowpass",
            "nothing above this frequency",
            lambda samples, rate, level, _: keep_below(samples, rate, level),
            "Hz",
            (4000.0,),
            100.0,
            20_000.0,
        ),
        DegradationKind("telephone", "the band of a telephone, 300 to 3400 Hz", _telephone),
        DegradationKind("phone", "recorded by a phone: room, band, compressor, AAC of 64 kbit/s", _phone),
        DegradationKind(
            "mp3",
            "MP3 of a constant bit rate",
            lambda samples, rate, level, _: through_mp3(samples, rate, round(level * 1000)),
            "kbit/s",
            (128.0, 64.0, 32.0),
            8.0,
            320.0,
        ),
        DegradationKind(
            "one-channel",
            "one of two channels is silent",
            lambda samples, _, __, ___: leave_one_channel(samples),
        ),
        DegradationKind(
            "inverted",
            "one of two channels is inverted; a mono recording would cancel out",
            lambda samples, _, __, ___: invert_a_channel(samples),
        ),
        DegradationKind(
            "wow",
            "a speed that wavers by so much, slowly and fast; the reference moves along",
            lambda samples, rate, level, _: run_unsteadily(samples, rate, _per_cent_unsteady(level)),
            "%",
            (0.1, 0.3, 1.0),
            0.0,
            5.0,
            _per_cent_unsteady,
        ),
    )
}
"""Every kind by its name, in the order in which they are shown."""
