"""The newest sound as windows that end on a frame, and what a model hears in one."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from pianotrans.audio import Block
from pianotrans.errors import ModelError
from pianotrans.inference.decoding import SegmentPaths, best_moves
from pianotrans.inference.stitching import DecodedSegment
from pianotrans.live.plan import LivePlan
from pianotrans.network import Model


@dataclass(frozen=True)
class SoundWindow:
    """The newest sound up to a frame of the whole, with zeros behind it: (n_channels, heard_samples)."""

    end_frame: int
    samples: Block


@dataclass(frozen=True)
class HeardWindow:
    """The intervals of a window with their confidences."""

    end_frame: int  # of the whole, where the window ends
    segment: DecodedSegment


class NewestSound:
    """The last window of a stream, and the blocks since."""

    def __init__(self, plan: LivePlan, n_channels: int):
        self._plan = plan
        self._sound = np.zeros((n_channels, 0), np.float32)
        self._blocks: list[Block] = []
        self._n_samples = 0

    @property
    def end_frame(self) -> int:
        """The last frame that has been heard to its middle."""
        return self._n_samples // self._plan.frame_samples

    def push(self, block: Block) -> None:
        """Add (n_channels, n) samples."""
        self._blocks.append(block)
        self._n_samples += block.shape[1]

    def window(self) -> SoundWindow:
        """The window that ends at `end_frame`; forgets what is older."""
        plan, sound = self._plan, np.concatenate([self._sound, *self._blocks], axis=1)
        n_heard = (self.end_frame - plan.first_frame(self.end_frame)) * plan.frame_samples
        n_behind = self._n_samples % plan.frame_samples
        self._sound = sound[:, sound.shape[1] - n_behind - n_heard :].copy()
        self._blocks.clear()
        samples = np.pad(self._sound[:, :n_heard], ((0, 0), (0, plan.heard_samples - n_heard)))
        return SoundWindow(self.end_frame, samples)

    def complete(self) -> None:
        """Fill up the last frame with zeros, at the end of the sound."""
        n_missing = -self._n_samples % self._plan.frame_samples
        self.push(np.zeros((len(self._sound), n_missing), np.float32))


@torch.inference_mode()
def hear(model: Model, window: SoundWindow) -> HeardWindow:
    """What a model hears in a window, whatever others hold. Raises ModelError if it makes no numbers.

    Digital silence holds nothing and is not computed.
    """
    n_tracks = model.config.tracks.n_tracks
    if not window.samples.any():
        return HeardWindow(window.end_frame, nothing_decoded())
    samples = torch.from_numpy(window.samples)[None].to(next(model.parameters()).device)
    context, scores = model(samples)
    if not all(factor.isfinite().all() for factor in scores.factors):
        raise ModelError("the model's scores are not finite. Pass --precision float32, or another --model.")
    numbers, stepwise = model.config.tracks.numbers, model.config.decodes_stepwise
    moves, known = best_moves(scores, numbers, with_confidence=True, stepwise=stepwise)
    assert known is not None
    segment = SegmentPaths(model, context[0], moves, None).read(np.zeros(n_tracks, np.int64))
    interval = (segment.track, segment.begin, segment.end)
    return HeardWindow(
        window.end_frame,
        replace(
            segment,
            confidence=known.of(*interval),
            onset_confidence=known.begin[segment.track, segment.begin],
        ),
    )


def nothing_decoded() -> DecodedSegment:
    """The intervals of silence."""
    frames, positions, flags = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
    probabilities = np.zeros(0, np.float32)
    return DecodedSegment(
        *(frames,) * 4, positions, positions, flags, flags, confidence=probabilities, onset_confidence=probabilities
    )
