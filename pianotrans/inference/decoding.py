"""A batch of segments through the network and the semi-CRF, up to where they must be read in order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.inference.segments import Block
from pianotrans.inference.stitching import DecodedSegment
from pianotrans.network import N_TRACKS, Attributes, Model
from pianotrans.semicrf import BestMoves, IntervalScores, decode_factored, decode_on_device

_TRACKS_AT_ONCE = 10


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
def decode_segments(model: Model, segments: Sequence[Block]) -> list[SegmentPaths]:
    """Decode a batch of segments, (channels, segment_samples) each; paths come in the same order.

    All recursions of the batch run before any path is read: reading a segment needs the one before it. Digital
    silence holds nothing and is not computed.
    """
    device = next(model.parameters()).device
    sounding = [samples for samples in segments if samples.any()]
    decoded: Iterator[SegmentPaths] = iter(())
    if sounding:
        samples = torch.from_numpy(np.stack(sounding)).to(device)
        context = model.backbone(model.spectrogram(samples))
        moves = BestMoves.joined([best_moves(model.scores(tracks[None])) for tracks in track_groups(context)])
        decoded = (
            SegmentPaths(model, clip, moves[i * N_TRACKS : (i + 1) * N_TRACKS]) for i, clip in enumerate(context)
        )
    return [next(decoded) if samples.any() else _silent_paths(model, samples) for samples in segments]


def track_groups(context: Tensor) -> list[Tensor]:
    """The C·N tracks of a context (C, N, T, D), clip by clip, in groups to decode one after the other, (n, T, D).

    On the CPU a few at a time: their queries and keys stay in the caches, and all of them (130 MB) are never held.
    """
    tracks = context.flatten(0, 1)
    n_at_once = _TRACKS_AT_ONCE if context.device.type == "cpu" else len(tracks)
    return [tracks[i : i + n_at_once] for i in range(0, len(tracks), n_at_once)]


def best_moves(scores: IntervalScores) -> BestMoves:
    """Decode on the device that the scores are on."""
    return decode_factored(scores) if scores.query.device.type == "cpu" else decode_on_device(scores)


def _silent_paths(model: Model, samples: Block) -> SegmentPaths:
    n_frames = model.config.spectrogram.n_frames(samples.shape[1])
    no_context = torch.zeros(N_TRACKS, 0, model.config.transformer.width, device=next(model.parameters()).device)
    return SegmentPaths(model, no_context, BestMoves.nothing(N_TRACKS, n_frames))


def _array(x: Tensor) -> NDArray[Any]:
    return x.cpu().numpy()
