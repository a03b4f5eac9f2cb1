"""Bars and beats that cover a whole performance."""

from dataclasses import dataclass

import numpy as np

from pianotrans.score.beats.notes import Array


@dataclass(frozen=True, slots=True)
class Bar:
    """`n_beats` beats from `first_beat` on. `number` is 0 for a pickup and counts from 1 otherwise.

    A pickup has fewer beats than its meter, `meter_beats`; other bars have as many.
    """

    number: int
    first_beat: int
    n_beats: int
    meter_beats: int


@dataclass(frozen=True, eq=False)
class BarGrid:
    """Whole bars from before the first onset of a performance to behind its last.

    `beats_s` (n_beats + 1,) are the times of all beats, strictly increasing; the last one ends the last bar. The
    first may be negative, where beats were added before the first one that was found. `confidence` and
    `downbeat_confidence` (n_beats,) are those of the beats found, 0 for those added.
    """

    beats_s: Array
    bars: tuple[Bar, ...]
    confidence: Array
    downbeat_confidence: Array

    @property
    def n_beats(self) -> int:
        """How many beats there are."""
        return len(self.beats_s) - 1

    def beat_at(self, time_s: Array) -> Array:
        """Times as beats since the first, with fractions; linear between beats and beyond both ends."""
        i = np.clip(np.searchsorted(self.beats_s, time_s, side="right") - 1, 0, self.n_beats - 1)
        length_s = np.diff(self.beats_s)
        beat: Array = i + (time_s - self.beats_s[i]) / length_s[i]
        return beat

    def time_at(self, beat: Array) -> Array:
        """Beats since the first as times."""
        i = np.clip(np.floor(beat).astype(np.int64), 0, self.n_beats - 1)
        time_s: Array = self.beats_s[i] + (beat - i) * np.diff(self.beats_s)[i]
        return time_s

    def bar_of_beat(self) -> np.ndarray:
        """The index into `bars` of every beat, (n_beats,)."""
        return np.repeat(np.arange(len(self.bars)), [bar.n_beats for bar in self.bars])
