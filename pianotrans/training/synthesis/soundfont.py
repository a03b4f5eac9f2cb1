"""A soundfont (SF2 or SF3) as a piano: its first preset, played by TinySoundFont."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pianotrans.errors import DatasetError, ExtraError
from pianotrans.training.synthesis.library import Sound

SUFFIXES = (".sf2", ".sf3")

# Its wheels have all that plays to a buffer. What it requires is for loudspeakers, and is compiled on Linux.
_INSTALL = "python -m pip install --no-deps tinysoundfont"
_MAX_VOICES = 256
_SEMITONE = 100.0  # cents


@dataclass(frozen=True)
class HeldString:
    """A key from when its hammer strikes until its string is damped."""

    key: int
    velocity: int
    onset_s: float
    stop_s: float


@dataclass(frozen=True, eq=False)
class SoundFont:
    """The file of a soundfont. What it has no samples of between two velocities, it plays louder or softer."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "SoundFont":
        """Look whether a file holds a piano. Raises DatasetError if it does not, ExtraError without the library."""
        if find_spec("tinysoundfont") is None:
            raise ExtraError(f"tinysoundfont: not installed. Run: {_INSTALL}")
        font = cls(path)
        font._synthesizer(44_100)
        return font

    @cached_property
    def digest(self) -> str:
        """Tells one soundfont from another."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def play(self, held: Iterable[HeldString], *, length_s: float, rate: int, cents: float) -> Sound:
        """Float32 (round(length_s * rate), 2), not normalised; the whole piano is `cents` sharp.

        Dampers fall as fast as the soundfont says. Cost: about a second for a minute.
        """
        synthesizer = self._synthesizer(rate)
        synthesizer.set_tuning(0, cents / _SEMITONE)
        sound = np.zeros((round(length_s * rate), 2), np.float32)
        done = 0
        some = [*held]
        stops = sorted((one.stop_s, 0, one.key, 0) for one in some)
        onsets = sorted((one.onset_s, 1, one.key, one.velocity) for one in some)
        for time_s, is_onset, key, velocity in merge(stops, onsets):
            at = min(round(time_s * rate), len(sound)) if time_s < length_s else len(sound)
            if at > done:
                sound[done:at] = _generated(synthesizer, at - done)
                done = at
            if is_onset:
                synthesizer.noteon(0, key, velocity)
            else:
                synthesizer.noteoff(0, key)
        if done < len(sound):
            sound[done:] = _generated(synthesizer, len(sound) - done)
        return sound

    def _synthesizer(self, rate: int) -> Any:
        import tinysoundfont

        synthesizer = tinysoundfont.Synth(samplerate=rate)
        try:
            number = synthesizer.sfload(str(self.path), max_voices=_MAX_VOICES)
            synthesizer.program_select(0, number, 0, 0)
        except Exception as error:  # the library raises several kinds
            raise DatasetError(
                f"{self.path}: is no soundfont with a piano ({error}). Give an SF2 or SF3 file."
            ) from error
        return synthesizer


def _generated(synthesizer: Any, n_samples: int) -> Sound:
    made: Sound = np.frombuffer(synthesizer.generate(n_samples), np.float32).reshape(-1, 2)
    return made
