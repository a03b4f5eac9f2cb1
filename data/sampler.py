"""A sampled grand piano: key strokes and pedals in, stereo sound out.

The sound is the Salamander Grand Piano V3 by Alexander Holm (CC BY 3.0), as packed in the folders
`piano-velocity1` … `piano-velocity16` (one recording per minor third, 16 strengths) and `piano-release`
(the noise of each key going up). This file knows nothing of pieces or of MIDI files.

What it models: strength (timbre from the nearest layer, level as a smooth function of velocity), dampers,
sustain pedal, soft pedal, repeated keys, key noise. What it leaves out: half pedalling, strings that sing
along with others, the noise of the pedals, the room.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile as sf
import soxr

LOWEST, HIGHEST = 21, 108  # A0 … C8
LAST_DAMPED = 90  # F#6: the strings above it have no dampers
N_LAYERS = 16
LEVEL_LAYER, LEVEL_VELOCITY = 9, 68  # the layer that sets each key's level, and the velocity at its centre
PEDAL_DOWN = 64  # a pedal counts as down from this controller value on

PRE_ROLL_S = 0.004  # what is kept before the attack, faded in: the hammer is heard before the string
DAMPING_S = (0.30, 0.15)  # time to fall by 60 dB once damped: at A0, at the last damped key
RESTRIKE_S = 0.08  # the same for a string that its own hammer strikes again
SOFT_VELOCITY = 0.8  # with the soft pedal down the hammer sounds as if it struck with this much of its velocity
RELEASE_GAIN = 10 ** (-37 / 20)  # the key noises were stored at full scale

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Stroke(Protocol):
    """One key stroke. Times in seconds; `end` is when the key is let go (pretty_midi.Note fits)."""

    start: float
    end: float
    pitch: int
    velocity: int


def render(
    strokes: Iterable[Stroke],
    sustain: Sequence[tuple[float, int]],
    soft: Sequence[tuple[float, int]],
    samples: Path,
    *,
    length_s: float,
    rate: int = 44100,
) -> np.ndarray:
    """Play the strokes; returns float32 (round(length_s * rate), 2), not normalised.

    `sustain` and `soft` are (second, controller value 0…127) in order of time; `samples` is the folder that
    holds the folders named above. Whatever would sound after `length_s` is cut.
    """
    sound = np.zeros((round(length_s * rate), 2), np.float32)
    sustained, softened = pedal_spans(sustain), pedal_spans(soft)
    ordered = sorted(strokes, key=lambda stroke: stroke.start)
    for i, stroke in enumerate(ordered):
        again_s = next((s.start for s in ordered[i + 1 :] if s.pitch == stroke.pitch), np.inf)
        strength = stroke.velocity * (SOFT_VELOCITY if is_down(softened, stroke.start) else 1.0)
        stop_s = damped_at(stroke, sustained)
        fall_s = damping_s(stroke.pitch)
        if again_s <= stop_s:
            stop_s, fall_s = again_s, RESTRIKE_S
        string = string_sound(samples, stroke.pitch, strength, rate)
        add(sound, damp(string, stop_s - stroke.start, fall_s, rate), stroke.start, rate)
        noise = load(samples / "piano-release" / "audio" / f"rel{stroke.pitch - LOWEST + 1}.ogg", 0, rate)
        add(sound, noise * (RELEASE_GAIN * strength / 127), stroke.end, rate)
    return sound


def pedal_spans(controls: Sequence[tuple[float, int]]) -> list[tuple[float, float]]:
    """The stretches (down, up) in seconds during which a pedal is down; a last one may end at infinity."""
    spans: list[tuple[float, float]] = []
    down_s = None
    for time_s, value in controls:
        if value >= PEDAL_DOWN and down_s is None:
            down_s = time_s
        elif value < PEDAL_DOWN and down_s is not None:
            spans.append((down_s, time_s))
            down_s = None
    return spans if down_s is None else [*spans, (down_s, np.inf)]


def is_down(spans: list[tuple[float, float]], time_s: float) -> bool:
    """Whether a pedal is down at this moment."""
    return any(down <= time_s < up for down, up in spans)


def damped_at(stroke: Stroke, sustained: list[tuple[float, float]]) -> float:
    """When the damper falls: key up and sustain pedal up; never for the undamped top of the keyboard."""
    if stroke.pitch > LAST_DAMPED:
        return np.inf
    return next((up for down, up in sustained if down <= stroke.end < up), stroke.end)


def damping_s(pitch: int) -> float:
    """Seconds in which a damped string falls by 60 dB: longer for the heavy strings of the bass."""
    return float(np.interp(pitch, (LOWEST, LAST_DAMPED), DAMPING_S))


def string_sound(samples: Path, pitch: int, velocity: float, rate: int) -> np.ndarray:
    """One undamped note (n, 2), its attack PRE_ROLL_S after the beginning.

    Level: that of this key's middle layer, times the square of the velocity. The layer only sets the timbre.
    """
    if not LOWEST <= pitch <= HIGHEST:
        raise ValueError(
            f"pitch {pitch}: a piano has the MIDI pitches {LOWEST} to {HIGHEST}; transpose or leave it out"
        )
    layer = min(max(int((velocity - 1) * N_LAYERS / 127) + 1, 1), N_LAYERS)
    string = load_string(samples, pitch, layer, rate)
    wanted = loudness(load_string(samples, pitch, LEVEL_LAYER, rate), rate) * (velocity / LEVEL_VELOCITY) ** 2
    return string * (wanted / loudness(string, rate))


def load_string(samples: Path, pitch: int, layer: int, rate: int) -> np.ndarray:
    """The recording nearest in pitch, at most a semitone away, moved to `pitch`."""
    nearest = LOWEST + 3 * round((pitch - LOWEST) / 3)
    name = f"{_NAMES[nearest % 12]}{nearest // 12 - 1}v{layer}.ogg"
    return load(samples / f"piano-velocity{layer}" / "audio" / name, pitch - nearest, rate)


@lru_cache(maxsize=48)  # some 5 MB each
def load(path: Path, semitones: int, rate: int) -> np.ndarray:
    """Read a recording (n, 2), move it by `semitones`, and let it begin PRE_ROLL_S before its attack."""
    recorded, recorded_rate = sf.read(path, dtype="float32", always_2d=True)
    moved = soxr.resample(recorded, recorded_rate * 2 ** (semitones / 12), rate)
    trimmed: np.ndarray = moved[max(find_attack(moved, rate) - round(PRE_ROLL_S * rate), 0) :].copy()
    n = round(PRE_ROLL_S * rate)
    trimmed[:n] *= np.linspace(0, 1, n, dtype=np.float32)[:, None]
    return trimmed


def find_attack(sound: np.ndarray, rate: int) -> int:
    """The first sample over a tenth of the peak of the first 0.2 s.

    The recordings begin 3 to 40 ms before it. A lower threshold would find the noise of the key going down,
    which in the soft layers comes some 10 ms before the hammer strikes.
    """
    height = np.abs(sound[: round(0.2 * rate)]).max(axis=1)
    return int(np.argmax(height > 0.1 * height.max()))


def loudness(string: np.ndarray, rate: int) -> float:
    """Root mean square of the first 0.3 s."""
    return float(np.sqrt(np.mean(np.square(string[: round(0.3 * rate)]))))


def damp(string: np.ndarray, after_s: float, fall_s: float, rate: int) -> np.ndarray:
    """Let a string fall by 60 dB within `fall_s`, beginning `after_s` after its attack."""
    begin = PRE_ROLL_S + after_s
    if begin * rate >= len(string):
        return string
    end = min(len(string), round((begin + 1.5 * fall_s) * rate))  # down by 90 dB: below 16 bits
    late_s = np.maximum(np.arange(end) / rate - begin, 0)
    return string[:end] * (10 ** (-3 * late_s / fall_s)).astype(np.float32)[:, None]


def add(sound: np.ndarray, part: np.ndarray, attack_s: float, rate: int) -> None:
    """Mix `part`, whose attack is at PRE_ROLL_S, into `sound` so that the attack is at `attack_s`."""
    begin = round((attack_s - PRE_ROLL_S) * rate)
    part = part[max(-begin, 0) :]
    begin = max(begin, 0)
    n = min(len(part), max(len(sound) - begin, 0))
    sound[begin : begin + n] += part[:n]
