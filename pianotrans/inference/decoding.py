"""A batch of segments through the network and the semi-CRF, up to where they must be read in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.inference.stitching import DecodedSegment
from pianotrans.network import N_TRACKS, Attributes, Model
from pianotrans.semicrf import BestMoves, decode_factored


@dataclass(frozen=True)
class SegmentPaths:
    """The best paths of one segment from every start frame, and what describes their intervals."""

    model: Model
    context: Tensor  # (n_tracks, T, D)
    moves: BestMoves

    @torch.inference_mode()
    def read(self, start_frames: NDArray[np.int64]) -> DecodedSegment:
        """Intervals of each track's path from its start frame, with their attributes."""
        track, begin, end = self.moves.read(start_frames).T
        attributes = self._attributes(track, begin, end)
        return DecodedSegment(
            track=track,
            begin=begin,
            end=end,
            velocity=_array(attributes.velocity),
            onset_position=_array(attributes.onset_position).astype(np.float64),
            offset_position=_array(attributes.offset_position).astype(np.float64),
            onset_present=_array(attributes.onset_present),
            offset_present=_array(attributes.offset_present),
        )

    def _attributes(self, track: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64]) -> Attributes:
        device = self.context.device
        tracks, begins, ends = (torch.from_numpy(np.ascontiguousarray(x)).to(device) for x in (track, begin, end))
        return self.model.attributes.decode(self.context[tracks, begins], self.context[tracks, ends])


@torch.inference_mode()
def decode_segments(model: Model, samples: NDArray[np.float32]) -> Iterator[SegmentPaths]:
    """Decode a batch of segments, (clips, channels, segment_samples); paths come in the same order.

    All recursions of the batch run before any path is read: reading a segment needs the one before it.
    """
    device = next(model.parameters()).device
    context, scores = model(torch.from_numpy(samples).to(device))
    moves = decode_factored(scores)
    for i, clip in enumerate(context):
        tracks = slice(i * N_TRACKS, (i + 1) * N_TRACKS)
        yield SegmentPaths(model, clip, moves[tracks])


def _array(x: Tensor) -> NDArray[Any]:
    return x.cpu().numpy()
