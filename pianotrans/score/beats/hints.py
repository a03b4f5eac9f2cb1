"""What a user knows of the beats. Each hint becomes a constraint on the lattice, and all else follows from it."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pianotrans.errors import ScoreError
from pianotrans.score.beats.notes import Array
from pianotrans.score.beats.periods import LONGEST_S, SHORTEST_S

MOST_BEATS = 8
_TEMPO_WIDTH = 0.7  # octaves around a given tempo that cost little: rubato and changes of tempo stay possible
_SLOWEST_BPM, _FASTEST_BPM = 60 / LONGEST_S, 60 / SHORTEST_S


@dataclass(frozen=True)
class TimeSignature:
    """A time signature. Compound ones (6/8, 9/8, 12/8 …) are counted in beats of three notes: 6/8 has 2, 3/8 has 3.

    Raises ScoreError for one that has no beats, too many of them, or a note that does not exist.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.denominator not in (1, 2, 4, 8, 16, 32) or not 1 <= self.numerator <= 48:
            raise ScoreError(f"time signature {self}: give one like 3/4 or 6/8, with a note from 1 to 32 below.")
        if self.n_beats > MOST_BEATS:
            raise ScoreError(f"time signature {self}: has {self.n_beats} beats. At most {MOST_BEATS} can be found.")

    @property
    def n_beats(self) -> int:
        """Beats in a bar."""
        compound = self.numerator > 3 and self.numerator % 3 == 0
        return self.numerator // 3 if compound else self.numerator

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True, eq=False)
class GivenBeats:
    """Beats taken as truth, in order of time; `is_downbeat` is None if bars are not known.

    Raises ScoreError for fewer than two beats, and for times that are negative, doubled or out of order.
    """

    times_s: Array
    is_downbeat: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        times_s = np.asarray(self.times_s, dtype=float)
        object.__setattr__(self, "times_s", times_s)
        if times_s.ndim != 1 or len(times_s) < 2:
            raise ScoreError(f"given beats: {times_s.size} times. Give two or more.")
        if not np.all(np.isfinite(times_s)) or times_s[0] < 0:
            raise ScoreError(
                f"given beats: the first is at {times_s[0]} s. Times must be 0 s or later, and finite."
            )
        late = np.flatnonzero(np.diff(times_s) <= 0)
        if len(late):
            i = int(late[0])
            raise ScoreError(
                f"given beats: {times_s[i + 1]:g} s follows {times_s[i]:g} s. Sort them, and give each time once."
            )
        if self.is_downbeat is not None and len(self.is_downbeat) != len(times_s):
            raise ScoreError(
                f"given beats: {len(times_s)} times, {len(self.is_downbeat)} downbeats. Give one for each."
            )

    def to_dict(self) -> dict[str, Any]:
        """As plain data; equal beats give equal data."""
        is_downbeat = None if self.is_downbeat is None else [bool(value) for value in self.is_downbeat]
        return {"times_s": self.times_s.tolist(), "is_downbeat": is_downbeat}


@dataclass(frozen=True)
class BeatHints:
    """What is known before the beats are found; by default nothing.

    `bpm` is the mean tempo in beats a minute. `tempo_factor` 0.5 or 2 asks for half or double of the tempo that
    would be found otherwise. `meters` are time signatures, each from a bar on; bars count from 1, and the first
    must hold from bar 1 on. `downbeats_s` are times at which bars begin. `pickup` is how many beats come before
    the first bar.

    Raises ScoreError for values that no performance can have, and for hints that contradict each other.
    """

    bpm: float | None = None
    tempo_factor: float = 1.0
    meters: tuple[tuple[int, TimeSignature], ...] = ()
    downbeats_s: tuple[float, ...] = ()
    pickup: int | None = None
    beats: GivenBeats | None = field(default=None)

    def __post_init__(self) -> None:
        if self.bpm is not None and not _SLOWEST_BPM <= self.bpm <= _FASTEST_BPM:
            raise ScoreError(
                f"bpm {self.bpm:g}: give beats a minute from {_SLOWEST_BPM:.0f} to {_FASTEST_BPM:.0f}."
            )
        if self.tempo_factor not in (0.5, 1.0, 2.0):
            raise ScoreError(f"tempo_factor {self.tempo_factor:g}: give 0.5, 1 or 2.")
        if self.bpm is not None and self.tempo_factor != 1:
            raise ScoreError("bpm and tempo_factor: both set the tempo. Give one of them.")
        if any(not (math.isfinite(time_s) and time_s >= 0) for time_s in self.downbeats_s):
            raise ScoreError(f"downbeats_s {self.downbeats_s}: times must be 0 s or later, and finite.")
        if self.pickup is not None and not 0 <= self.pickup < MOST_BEATS:
            raise ScoreError(f"pickup {self.pickup}: give a number of beats from 0 to {MOST_BEATS - 1}.")
        bars = [bar for bar, _ in self.meters]
        if bars and (bars[0] != 1 or bars != sorted(set(bars))):
            raise ScoreError(f"meters from bars {bars}: begin with bar 1, in order, each bar once.")
        if self.meters and self.pickup is not None and self.pickup >= self.meters[0][1].n_beats:
            raise ScoreError(
                f"pickup {self.pickup}: a bar of {self.meters[0][1]} has fewer beats than would come before."
            )
        if self.beats is not None and (self.bpm is not None or self.tempo_factor != 1):
            raise ScoreError("beats and bpm: given beats set the tempo. Give one of them.")

    def to_dict(self) -> dict[str, Any]:
        """As plain data; equal hints give equal data."""
        return {
            "bpm": self.bpm,
            "tempo_factor": self.tempo_factor,
            "meters": [[bar, str(meter)] for bar, meter in self.meters],
            "downbeats_s": list(self.downbeats_s),
            "pickup": self.pickup,
            "beats": None if self.beats is None else self.beats.to_dict(),
        }

    def tempo_potential(self, log_period: Array) -> Array:
        """How well log₂ periods agree with the given tempo.

        It is the log ratio of a Student distribution around it to a uniform one, so that beats become neither
        dearer nor cheaper on the whole.
        """
        if self.bpm is None:
            return np.zeros_like(log_period)
        away = (log_period - math.log2(60 / self.bpm)) / _TEMPO_WIDTH
        density = 0.375 / _TEMPO_WIDTH * (1 + away**2 / 4) ** -2.5  # four degrees of freedom
        return np.log(density * math.log2(LONGEST_S / SHORTEST_S))
