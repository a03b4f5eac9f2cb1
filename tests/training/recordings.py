"""Recordings to train on, made for the tests: clicks where notes begin, or simple tones."""

import tomllib
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pianotrans.events import Note, Performance
from pianotrans.network import read_config
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.index import Recording
from tests.inference.making import CONFIG
from tests.synthesis import random_performance, render

SMALL = read_config(tomllib.loads(CONFIG))  # 8000 Hz
RATE = SMALL.spectrogram.sample_rate


def record(
    path: Path,
    samples: NDArray[np.float32],
    performance: Performance,
    rate: int = RATE,
    *,
    split: str = "train",
    subtype: str | None = None,
) -> Recording:
    """Write samples, (n,) or (n, n_channels), and say what was played in them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype)
    n_channels = 1 if samples.ndim == 1 else samples.shape[1]
    events = EventArrays.of(performance)
    return Recording(path.stem, path, rate, n_channels, len(samples), split, None, events)


def tones(path: Path, seed: int = 1, duration_s: float = 6.0, rate: int = RATE, n_channels: int = 1) -> Recording:
    """A random performance."""
    performance = random_performance(seed, duration_s)
    samples = render(performance, rate, seed)
    return record(path, samples if n_channels == 1 else np.stack([samples] * n_channels, axis=1), performance, rate)


def clicks(path: Path, onsets_s: list[float], duration_s: float, rate: int, n_channels: int = 1) -> Recording:
    """A click, 1 ms wide, at every onset; each of a key of its own, so that labels tell them apart."""
    time_s = np.arange(round(duration_s * rate)) / rate
    samples = sum(np.exp(-(((time_s - onset_s) / 0.0004) ** 2)) for onset_s in onsets_s)
    notes = [Note(onset_s, onset_s + 0.05, 40 + i, 80) for i, onset_s in enumerate(onsets_s)]
    both = np.stack([0.5 * samples] * n_channels, axis=1).astype(np.float32)
    return record(path, both, Performance(tuple(notes), (), duration_s), rate)
