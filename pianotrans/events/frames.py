"""The only conversion between seconds and frames: a time is a frame and a remainder of at most half a frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class FrameIntervals:
    """The events of one track as closed intervals of frames, in order of time; four arrays of shape (n,).

    `begin` ≤ `end` are frames; `onset` and `offset` are the distances, in [-0.5, 0.5] frames, of the event's onset
    and offset from the centres of those frames.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    onset: NDArray[np.float64]
    offset: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Frames centred on every `hop_samples`-th sample of a recording, frame 0 on its first sample.

    Raises ValueError unless both numbers are positive.
    """

    sample_rate: int
    hop_samples: int

    def __post_init__(self) -> None:
        if self.sample_rate <= 0 or self.hop_samples <= 0:
            raise ValueError(
                f"frames of {self.hop_samples} samples at {self.sample_rate} Hz: both must be positive"
            )

    def positions(self, seconds: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest frame of each time, and the remainder in [-0.5, 0.5] frames; shapes as given."""
        exact = np.asarray(seconds, dtype=np.float64) * self.sample_rate / self.hop_samples
        frame = np.rint(exact)
        return frame.astype(np.int64), exact - frame

    def seconds(self, frame: ArrayLike, remainder: ArrayLike = 0.0) -> NDArray[np.float64]:
        """The time of each frame with its remainder; the inverse of `positions` to within a nanosecond."""
        exact = np.asarray(frame, dtype=np.float64) + np.asarray(remainder, dtype=np.float64)
        return exact * self.hop_samples / self.sample_rate

    def to_intervals(self, spans_s: ArrayLike) -> FrameIntervals:
        """The intervals of frames of one track's (onset, offset) pairs in seconds, shape (n, 2), in order.

        Onsets and offsets are rounded to the nearest frame, so events that are close together may share frames.
        Raises ValueError unless the pairs are in order and do not overlap (they may touch).
        """
        spans = np.asarray(spans_s, dtype=np.float64).reshape(-1, 2)
        if not np.all(np.diff(spans.ravel()) >= 0):
            raise ValueError(f"{len(spans)} events of one track: they must be in order and must not overlap")
        begin, onset = self.positions(spans[:, 0])
        end, offset = self.positions(spans[:, 1])
        return FrameIntervals(begin, end, onset, offset)

    def to_spans(self, intervals: FrameIntervals) -> NDArray[np.float64]:
        """The (onset, offset) pairs in seconds of intervals of frames, shape (n, 2)."""
        onsets = self.seconds(intervals.begin, intervals.onset)
        offsets = self.seconds(intervals.end, intervals.offset)
        return np.stack([onsets, offsets], axis=-1)
