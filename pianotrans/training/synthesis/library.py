"""A folder of recorded piano samples: which key, how strong, and the noise of keys going up.

Known by their names, as the Salamander Grand Piano has them: `F#4v12` is the key F#4 struck with strength 12,
`rel1` the noise of the lowest key going up; the folders in between do not matter.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pianotrans.audio import find_audio
from pianotrans.errors import DatasetError
from pianotrans.piano import LOWEST_KEY, N_KEYS

PRE_ROLL_S = 0.004  # what is kept before the attack, faded in: the hammer is heard before the string

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STRING = re.compile(r"([A-G]#?)(\d)v(\d+)")
_RELEASE = re.compile(r"rel(\d+)")
_FURTHEST = 6  # semitones: a sample moved further sounds like another instrument
_ATTACK_S = 0.2  # in which the attack is looked for
_ENDING_S = 0.05  # read behind what is wanted, for the resampling filter to settle

Sound = NDArray[np.float32]  # (n, 2)


@dataclass(frozen=True, eq=False)
class SampleLibrary:
    """The recordings of a piano: of some keys at several strengths, and the noises of keys going up."""

    strings: dict[tuple[int, int], Path]  # by key and layer
    releases: dict[int, Path]  # by key

    @classmethod
    def open(cls, folder: Path) -> "SampleLibrary":
        """Look for samples in a folder and below it. Raises DatasetError if there are none."""
        if not folder.is_dir():
            raise DatasetError(f"{folder}: there is no such folder. Give a folder of piano samples.")
        strings: dict[tuple[int, int], Path] = {}
        releases: dict[int, Path] = {}
        for path in find_audio(folder):
            if match := _STRING.fullmatch(path.stem):
                key = 12 * (int(match[2]) + 1) + _NAMES.index(match[1])
                strings.setdefault((key, int(match[3])), path)
            elif match := _RELEASE.fullmatch(path.stem):
                releases.setdefault(LOWEST_KEY - 1 + int(match[1]), path)
        if not strings:
            raise DatasetError(
                f"{folder}: holds no piano samples. Give a folder with recordings named like A4v8.ogg or F#3v1.wav "
                "(key and strength), such as the Salamander Grand Piano's."
            )
        return cls(strings, releases)

    @cached_property
    def layers(self) -> list[int]:
        """The strengths that were recorded, from soft to loud."""
        return sorted({layer for _, layer in self.strings})

    @property
    def digest(self) -> str:
        """Tells one library from another, by the sizes of its files."""
        sizes = sorted(
            (path.name, path.stat().st_size) for path in (*self.strings.values(), *self.releases.values())
        )
        return hashlib.sha256(repr(sizes).encode()).hexdigest()

    def layer_of(self, velocity: float) -> int:
        """The strength that is nearest to a velocity (1 to 127)."""
        layers = self.layers
        return layers[min(max(int((velocity - 1) * len(layers) / 127), 0), len(layers) - 1)]

    def string(self, key: int, layer: int, length_s: float, rate: int, cents: float = 0.0) -> Sound:
        """At least `length_s` of an undamped string, if it was recorded so long; its attack comes at PRE_ROLL_S.

        The recording nearest in pitch is transposed to `key` and detuned by `cents`. Raises DatasetError if none is
        near, or if it cannot be read.
        """
        recorded = [one for one, its_layer in self.strings if its_layer == layer]
        nearest = min(recorded, key=lambda one: abs(one - key))
        if abs(nearest - key) > _FURTHEST:
            raise DatasetError(
                f"{self.strings[nearest, layer].parent}: no sample within {_FURTHEST} semitones of key {key} with "
                f"strength {layer}. Complete the folder."
            )
        path = self.strings[nearest, layer]
        sound = _load(path, key - nearest + cents / 100, length_s, rate)
        if not sound.any():
            raise DatasetError(f"{path}: is silent. Copy the sample again.")
        return sound

    def release(self, key: int, rate: int) -> Sound | None:
        """The noise of a key going up, if it was recorded."""
        path = self.releases.get(key)
        return None if path is None else _release(path, rate)


@lru_cache(maxsize=N_KEYS)  # 200 kB each
def _release(path: Path, rate: int) -> Sound:
    return _load(path, 0.0, np.inf, rate)


def _load(path: Path, semitones: float, length_s: float, rate: int) -> Sound:
    """Read the beginning of a recording, move it by semitones, and let it begin PRE_ROLL_S before its attack."""
    speed = 2 ** (semitones / 12)
    try:
        with soundfile.SoundFile(path) as file:
            wanted_s = (PRE_ROLL_S + length_s + _ATTACK_S + _ENDING_S) * speed
            n = -1 if np.isinf(length_s) else round(wanted_s * file.samplerate)
            recorded = file.read(n, dtype="float32", always_2d=True)
            moved = soxr.resample(recorded, file.samplerate * speed, rate)
    except (soundfile.LibsndfileError, OSError) as error:
        raise DatasetError(f"{path}: cannot be read ({error}). Copy the sample again.") from error
    if not len(moved) or not np.isfinite(moved).all():
        raise DatasetError(f"{path}: holds no sound. Copy the sample again.")
    n_before = round(PRE_ROLL_S * rate)
    begin = max(_find_attack(moved, rate) - n_before, 0)
    trimmed: Sound = moved[begin:, [0, -1]].copy()  # a single channel becomes both
    trimmed[:n_before] *= np.linspace(0, 1, n_before, dtype=np.float32)[: len(trimmed), None]
    return trimmed


def _find_attack(sound: Sound, rate: int) -> int:
    """The first sample over a tenth of the peak of the first 0.2 s.

    The Salamander's recordings begin 3 to 40 ms before it. A lower threshold would find the noise of the key going
    down, which in the soft layers comes some 10 ms before the hammer strikes.
    """
    height = np.abs(sound[: round(_ATTACK_S * rate)]).max(axis=1)
    return int(np.argmax(height > 0.1 * height.max()))
