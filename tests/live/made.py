"""Clocks, sources and windows for tests: no hardware, and no time that passes by itself."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from pianotrans.inference.stitching import DecodedSegment
from pianotrans.live.plan import Certainty, LivePlan
from pianotrans.live.timekeeping import Timekeeper
from pianotrans.live.windows import HeardWindow, SoundWindow
from tests.synthesis import random_performance, render

RATE = 16_000
_SEED = 9  # of four seconds in which the tiny model is sure of something
NUMBERS = (-64, 60, 61)
PLAN = LivePlan(
    sample_rate=1000,
    frame_samples=10,
    window_frames=100,
    heard_frames=100,
    hop_frames=5,
    onsets=(Certainty(4, 0.9), Certainty(10, 0.5)),
    latest_frames=30,
    end_frames=5,
)


def write_song(path: Path) -> Path:
    """A recording of four seconds."""
    soundfile.write(path, render(random_performance(_SEED, 4.0), RATE, _SEED), RATE, "FLOAT")
    return path


Span = tuple[int, int, int]  # track, first frame, last frame


class Stopped(Timekeeper):
    """A clock that moves on when somebody sleeps, or when it is moved."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds


class Played:
    """A source of blocks that are there already."""

    def __init__(self, blocks: Sequence[NDArray[np.float32]], sample_rate: int, fails: Exception | None = None):
        self.name, self.sample_rate, self.n_channels, self.lost_s = "made", sample_rate, len(blocks[0]), 0.0
        self._blocks, self._fails = blocks, fails
        self.is_stopped = False

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self._blocks:
            if self.is_stopped:
                return
            yield block
        if self._fails is not None:
            raise self._fails

    def stop(self) -> None:
        self.is_stopped = True

    def close(self) -> None:
        pass


def heard(
    spans: Sequence[Span], end_frame: int, plan: LivePlan = PLAN, confidence: float = 1.0, shift: int = 0
) -> HeardWindow:
    """What a perfect model hears of some notes in a window, all a few frames early or late."""
    start = plan.first_frame(end_frame)
    rows = [
        (track, max(begin + shift - start, 0), min(end + shift, end_frame) - start)
        for track, begin, end in sorted(spans)
        if begin + shift < end_frame and end + shift > start
    ]
    track, begin, end = np.array(rows, np.int64).reshape(-1, 3).T
    n = len(rows)
    return HeardWindow(
        end_frame,
        DecodedSegment(
            track=track,
            begin=begin,
            end=end,
            velocity=np.full(n, 64),
            onset_position=np.zeros(n),
            offset_position=np.zeros(n),
            onset_present=begin > 0,
            offset_present=end < plan.window_frames,
            confidence=np.full(n, confidence, np.float32),
            onset_confidence=np.full(n, confidence, np.float32),
        ),
    )


def hears(spans: Sequence[Span], plan: LivePlan = PLAN):
    """A `Hear` that hears these notes whatever the sound is."""

    def hear(window: SoundWindow) -> HeardWindow:
        return heard(spans, window.end_frame, plan)

    return hear
