"""Which part of a file is read, and how."""

import math
from dataclasses import dataclass

from pianotrans.errors import UsageError


@dataclass(frozen=True)
class Reading:
    """What to read of a recording; by default all of its default track, or nothing if it is damaged.

    Raises UsageError for times that are negative, not finite or out of order, and for a track below 1.
    """

    start_s: float = 0.0
    end_s: float | None = None  # None: the end of the recording
    track: int | None = None  # among the audio tracks, the first is 1; None: the one that players choose
    allow_damaged: bool = False  # read what can be decoded; what is missing in between becomes silence
    from_zero: bool = False  # times count from start_s, not from the beginning of the recording

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < math.inf:
            raise UsageError(f"{self.start_s} s. It must be 0 s or later.", "start_s")
        if self.end_s is not None and not self.start_s < self.end_s < math.inf:
            raise UsageError(f"{self.end_s} s. It must be later than the start, {self.start_s:g} s.", "end_s")
        if self.track is not None and self.track < 1:
            raise UsageError(f"track {self.track}. The first is 1.", "track")

    @property
    def origin_s(self) -> float:
        """The time of the first sample that is read, as results give it."""
        return 0.0 if self.from_zero else self.start_s

    def length_s(self, duration_s: float) -> float:
        """How much is read of a recording of that length."""
        end_s = duration_s if self.end_s is None else min(self.end_s, duration_s)
        return max(0.0, end_s - self.start_s)
