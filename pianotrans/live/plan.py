"""How long the windows are, how often one ends, and how much must lie behind a moment before it is decided."""

import math
from dataclasses import dataclass, replace

from pianotrans.errors import UsageError
from pianotrans.network import AnyModelConfig

_LONGEST_HOP_S = 4.0


@dataclass(frozen=True)
class Certainty:
    """An onset is certain if it is at least this probable, and this many frames lie behind it."""

    frames: int
    probability: float


@dataclass(frozen=True)
class LivePlan:
    """All that live transcription does with a model's frames; measured, see `pianotrans/live/README.md`."""

    sample_rate: int
    frame_samples: int  # hop between frames
    window_frames: int  # the newest sound, as far as there is so much
    heard_frames: int  # what the model is given: a window, and zeros behind it
    hop_frames: int  # from the end of a window to that of the next; more where the machine is slow
    onsets: tuple[Certainty, ...]  # any of these will do
    latest_frames: int  # an onset that has this many frames behind it and is not certain is not given out any more
    end_frames: int  # behind an end, for that to be certain

    @classmethod
    def of(cls, config: AnyModelConfig, window_s: float | None = None, hop_s: float | None = None) -> "LivePlan":
        """The plan of a model, with its own window and hop or others.

        Raises UsageError for a window shorter than what a decision needs, or longer than the model's segments, and
        for a hop that is not in (0, 4] s.
        """
        rate, frame = config.spectrogram.sample_rate, config.spectrogram.hop_samples
        plan = _FOR_STEPWISE if config.decodes_stepwise else _FOR_BEST_PATH
        frame_s, segment_s = frame / rate, config.segments.segment_s
        window_s = min(plan.window_s, segment_s) if window_s is None else window_s
        hop_s = plan.hop_s if hop_s is None else hop_s
        if not 0 < hop_s <= _LONGEST_HOP_S:
            raise UsageError(f"{hop_s:g} s given; it must be above 0 and at most {_LONGEST_HOP_S:g} s.", "hop_s")
        shortest_s = plan.latest_s + hop_s
        if not shortest_s <= window_s <= segment_s:
            raise UsageError(
                f"{window_s:g} s given; with a hop of {hop_s:g} s it must be from {shortest_s:g} s to "
                f"{segment_s:g} s, the length of the model's segments.",
                "window_s",
            )
        return cls(
            sample_rate=rate,
            frame_samples=frame,
            window_frames=math.ceil(window_s / frame_s),
            heard_frames=math.ceil((segment_s if plan.fills_segments else window_s) / frame_s),
            hop_frames=max(round(hop_s / frame_s), 1),
            onsets=tuple(Certainty(math.ceil(after_s / frame_s), least) for after_s, least in plan.onsets),
            latest_frames=math.ceil(plan.latest_s / frame_s),
            end_frames=math.ceil(plan.end_s / frame_s),
        )

    def at_least_every(self, hop_s: float) -> "LivePlan":
        """The plan with a hop of at least so many seconds, for a machine that takes as long for a window."""
        return replace(self, hop_frames=max(self.hop_frames, math.ceil(hop_s / self.frame_s)))

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.frame_samples / self.sample_rate

    def first_frame(self, end_frame: int) -> int:
        """Where the window begins that ends at a frame of the whole."""
        return max(end_frame - self.window_frames, 0)

    @property
    def window_samples(self) -> int:
        """Samples of a window: a whole number of frames."""
        return self.window_frames * self.frame_samples

    @property
    def heard_samples(self) -> int:
        """Samples that the model is given: a whole number of frames."""
        return self.heard_frames * self.frame_samples

    @property
    def window_s(self) -> float:
        """Seconds of a window."""
        return self.window_frames * self.frame_s

    @property
    def hop_s(self) -> float:
        """Seconds from the end of a window to that of the next."""
        return self.hop_frames * self.frame_s

    @property
    def most_apart_s(self) -> float:
        """Windows that end further apart than this leave moments between them that nothing is decided about."""
        return (self.window_frames - self.latest_frames) * self.frame_s


@dataclass(frozen=True)
class _Seconds:
    """A plan for any length of frames."""

    window_s: float
    hop_s: float
    onsets: tuple[tuple[float, float], ...]  # seconds behind the onset, least probability
    latest_s: float
    end_s: float
    fills_segments: bool  # whether the model hears well only what is as long as the segments it learnt from


_FOR_STEPWISE = _Seconds(1.5, 0.1, ((0.07, 0.8), (0.14, 0.5)), 0.6, 0.1, fills_segments=False)
_FOR_BEST_PATH = _Seconds(math.inf, 0.5, ((0.2, 0.9), (0.5, 0.5)), 1.2, 0.3, fills_segments=True)
