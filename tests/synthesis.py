"""A simple additive synthesiser: clips whose notes are known exactly, made in no time.

Not meant to sound like a piano: every key is a handful of decaying partials, the sustain pedal a rumble and the
soft pedal a hiss, so that even a tiny model can hear all of them.
"""

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Note, Pedal, Performance

KEYS = range(45, 85)
_PARTIALS = 6
_DECAY_S = 1.5
_RELEASE_S = 0.03


def random_performance(seed: int, duration_s: float, *, pedals: bool = True) -> Performance:
    """Notes of up to four voices and some pedalling, none closer to its neighbour of the same key than 60 ms."""
    rng = np.random.default_rng(seed)
    notes: list[Note] = []
    free_at = dict.fromkeys(KEYS, 0.05)
    for _ in range(rng.integers(1, 5)):
        time_s = rng.uniform(0.05, 0.5)
        while time_s < duration_s - 0.1:
            key = int(rng.choice(KEYS))
            length_s = rng.uniform(0.08, 0.8)
            offset_s = min(time_s + length_s, duration_s - 0.01)
            if time_s >= free_at[key]:
                notes.append(Note(time_s, offset_s, key, int(rng.integers(30, 110))))
                free_at[key] = offset_s + 0.06
            time_s += length_s * rng.uniform(0.5, 1.5)
    spans = [Pedal(*span, kind) for kind in ("sustain", "soft") for span in _spans(rng, duration_s)]
    return Performance(tuple(notes), tuple(spans) if pedals else (), duration_s)


def _spans(rng: np.random.Generator, duration_s: float) -> list[tuple[float, float]]:
    times = np.sort(rng.uniform(0.1, duration_s - 0.1, 2 * rng.integers(0, 3)))
    return [(a, b) for a, b in zip(times[::2], times[1::2], strict=True) if b - a > 0.15]


def render(performance: Performance, sample_rate: int, seed: int = 0) -> NDArray[np.float32]:
    """Mono samples of a performance, (n,), float32."""
    n_samples = round(performance.duration_s * sample_rate)
    noise = np.random.default_rng(seed).normal(size=n_samples)
    rumble = 0.05 * np.sin(2 * np.pi * 55 * np.arange(n_samples) / sample_rate)
    hiss = 0.02 * np.diff(noise, prepend=0.0)
    mix = 1e-4 * noise
    for note in performance.notes:
        part, times = _held_part(note, sample_rate, n_samples)
        mix[part] += _gate(note, times) * _tone(note, times - note.onset_s, sample_rate)
    for pedal in performance.pedals:
        part, times = _held_part(pedal, sample_rate, n_samples)
        mix[part] += _gate(pedal, times) * (rumble if pedal.kind == "sustain" else hiss)[part]
    return mix.astype(np.float32)


def _held_part(event: Note | Pedal, sample_rate: int, n_samples: int) -> tuple[slice, NDArray[np.float64]]:
    """Where an event sounds, and the times there in seconds."""
    first = int(event.onset_s * sample_rate)
    last = min(int((event.offset_s + _RELEASE_S) * sample_rate) + 1, n_samples)
    return slice(first, last), np.arange(first, last) / sample_rate


def _gate(event: Note | Pedal, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 while held, with a short attack and a short release."""
    attack = np.clip((times - event.onset_s) / 0.002, 0, 1)
    return attack * np.clip(1 - (times - event.offset_s) / _RELEASE_S, 0, 1)


def _tone(note: Note, times: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    hz = 440 * 2 ** ((note.key - 69) / 12)
    partials = [k for k in range(1, _PARTIALS + 1) if k * hz < 0.4 * sample_rate]
    wave = sum(np.sin(2 * np.pi * k * hz * times) / k for k in partials)
    return 0.3 * (note.velocity / 127) ** 2 * np.exp(-np.maximum(times, 0) / _DECAY_S) * wave
