"""Cutting a recording into overlapping segments, and what frames and seconds mean in each (README §8)."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio import Block
from pianotrans.errors import UsageError
from pianotrans.network import AnyModelConfig


@dataclass(frozen=True)
class SegmentPlan:
    """Where the segments of a recording lie, and how many zeros stand before and behind it."""

    sample_rate: int
    frame_samples: int  # hop between frames
    segment_samples: int
    hop_frames: int  # hop between segments
    padding_samples: int
    first_read_frame: int  # where reading starts in the first segment: the first frame of the recording itself
    seen_samples: int = 0  # the beginning of a segment, which needs no second look if nothing follows it

    @classmethod
    def of(cls, config: AnyModelConfig, hop_s: float | None = None) -> "SegmentPlan":
        """The plan of a model, with its own hop between segments or another one.

        Hops of at most half a segment look twice at every moment, the first and the last ones too, as in the
        published model, for which the recording is padded with zeros. Longer ones do so only at the borders between
        segments: the first segment begins with the recording, and none holds nothing but a second look.

        Raises UsageError unless 0 < hop_s ≤ the model's segment length.
        """
        segment_s = config.segments.segment_s
        hop_s = config.segments.hop_s if hop_s is None else hop_s
        if not 0 < hop_s <= segment_s:
            raise UsageError(f"{hop_s} s given; it must be more than 0 s and at most {segment_s} s.", "hop_s")
        rate, frame = config.spectrogram.sample_rate, config.spectrogram.hop_samples
        looks_twice = 2 * hop_s <= segment_s
        padding_s = segment_s - hop_s if looks_twice else 0.0
        segment_samples = round(segment_s * rate)
        hop_frames = min(math.ceil(hop_s * rate / frame), segment_samples // frame)  # nothing between segments
        return cls(
            sample_rate=rate,
            frame_samples=frame,
            segment_samples=segment_samples,
            hop_frames=hop_frames,
            padding_samples=math.ceil(padding_s * rate),
            first_read_frame=math.floor(padding_s * rate / frame),
            seen_samples=0 if looks_twice else segment_samples - hop_frames * frame,
        )

    @property
    def hop_samples(self) -> int:
        """Samples between the starts of two segments: a whole number of frames."""
        return self.hop_frames * self.frame_samples

    @property
    def frame_duration_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.frame_samples / self.sample_rate

    @property
    def last_frame(self) -> int:
        """An interval that ends before this frame has its offset inside the segment."""
        return round(self.segment_samples / self.frame_samples)

    def start_s(self, index: int) -> float:
        """Time of the first sample of a segment in the recording; negative inside the padding."""
        return (index * self.hop_samples - self.padding_samples) / self.sample_rate

    def frame_s(self, index: int, frames: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times in the recording of frame positions in a segment."""
        return self.start_s(index) + frames * self.frame_duration_s

    def n_segments(self, n_samples: int) -> int:
        """Segments of a recording of `n_samples` samples: all that start inside the padded signal.

        Without a segment that has been seen, where one look is enough.
        """
        n_padded = n_samples + 2 * self.padding_samples
        return max(math.ceil((n_padded - self.seen_samples) / self.hop_samples), min(n_padded, 1))


def cut(blocks: Iterable[Block], n_channels: int, plan: SegmentPlan) -> Iterator[Block]:
    """Segments of a stream, (n_channels, segment_samples) each, the last ones filled up with zeros.

    Holds one segment and one block at a time.
    """
    padding = np.zeros((n_channels, plan.padding_samples), np.float32)
    buffer = np.zeros((n_channels, 0), np.float32)
    n_seen = 0
    for block in chain([padding], blocks, [padding]):
        buffer = np.concatenate([buffer, block], axis=1)
        while buffer.shape[1] >= plan.segment_samples:
            yield buffer[:, : plan.segment_samples]
            buffer, n_seen = buffer[:, plan.hop_samples :], plan.seen_samples
    while buffer.shape[1] > n_seen:
        segment = buffer[:, : plan.segment_samples]
        yield np.pad(segment, ((0, 0), (0, plan.segment_samples - segment.shape[1])))
        buffer, n_seen = buffer[:, plan.hop_samples :], plan.seen_samples
