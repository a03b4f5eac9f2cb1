"""Folders of piano samples, made for the tests: slowly falling sines in place of strings."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

SILENCE_S = 0.012  # before the attack
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def piano(
    folder: Path, keys: Iterable[int], layers: Iterable[int], rate: int = 48_000, length_s: float = 2.0
) -> Path:
    """A sample of each key and layer, the louder the layer the louder and the brighter; no key noises."""
    time_s = np.arange(round(length_s * rate)) / rate
    before = np.zeros(round(SILENCE_S * rate))
    for layer in layers:
        place = folder / f"piano-velocity{layer}" / "audio"
        place.mkdir(parents=True)
        for key in keys:
            hz = 440 * 2 ** ((key - 69) / 12)
            tone = np.sin(2 * np.pi * hz * time_s) + 0.01 * layer * np.sin(4 * np.pi * hz * time_s)
            string = np.concatenate([before, 0.05 * (4 + layer / 4) * tone * np.exp(-time_s / 2)])
            name = f"{_NAMES[key % 12]}{key // 12 - 1}v{layer}.ogg"
            soundfile.write(place / name, np.stack([string, string], axis=1), rate)
    return folder


def whole_piano(folder: Path, length_s: float = 2.0) -> Path:
    """A key of every octave or so, at two strengths: enough to play anything."""
    return piano(folder, range(21, 109, 12), (1, 2), 16_000, length_s)
