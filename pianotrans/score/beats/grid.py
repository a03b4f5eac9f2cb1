"""The beats that were found."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array

CERTAIN_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class Beat:
    """A beat at `time_s`. `bar` counts from 1, 0 is the pickup; `position` counts from 0, the downbeat.

    `n_beats` is how many beats the bar's meter has. `confidence` is the probability that a beat lies within 70 ms,
    `downbeat_confidence` that a downbeat does.
    """

    time_s: float
    bar: int
    position: int
    n_beats: int
    confidence: float
    downbeat_confidence: float

    @property
    def is_downbeat(self) -> bool:
        """Whether a bar begins here."""
        return self.position == 0


@dataclass(frozen=True)
class BeatGrid:
    """The beats of a performance in order of time. `is_given`: they follow from what the user says of them."""

    beats: tuple[Beat, ...] = ()
    is_given: bool = False

    @cached_property
    def times_s(self) -> Array:
        """The time of every beat, (n_beats,)."""
        return np.array([beat.time_s for beat in self.beats], dtype=float)

    @cached_property
    def is_downbeat(self) -> NDArray[np.bool_]:
        """Whether a bar begins at each beat, (n_beats,)."""
        return np.array([beat.is_downbeat for beat in self.beats], dtype=bool)

    @property
    def downbeats_s(self) -> Array:
        """The times at which bars begin."""
        return self.times_s[self.is_downbeat]

    @property
    def certainty(self) -> float:
        """The mean confidence of the beats; 0 if there are none."""
        return float(np.mean([beat.confidence for beat in self.beats])) if self.beats else 0.0

    @property
    def is_found(self) -> bool:
        """Whether there are beats that can be used: certain enough, or given. Free improvisation has none."""
        return len(self.beats) > 1 and (self.is_given or self.certainty >= CERTAIN_ENOUGH)

    @property
    def bpm(self) -> float | None:
        """The median tempo in beats a minute; None if there are fewer than two beats."""
        return 60 / float(np.median(np.diff(self.times_s))) if len(self.beats) > 1 else None

    @property
    def usual_n_beats(self) -> int | None:
        """The most frequent number of beats in a bar; None if there are no beats."""
        counts = Counter(beat.n_beats for beat in self.beats)
        return counts.most_common(1)[0][0] if counts else None
