"""A batch of segments through the network and the semi-CRF, up to where they must be read in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.audio import Block
from pianotrans.events import SUSTAIN
from pianotrans.inference.clock import Clock, no_clock
from pianotrans.inference.runners_up import find_runners_up
from pianotrans.inference.stitching import DecodedSegment, OtherEnds
from pianotrans.network import Model
from pianotrans.piano import CONTROLLERS
from pianotrans.semicrf import (
    BestMoves,
    Confidence,
    IntervalScores,
    Posterior,
    confidence_under,
    decode_factored,
    decode_on_device,
    decode_states,
    decode_stepwise,
    decode_stepwise_on_device,
    decode_stepwise_with_confidence,
    decode_with_confidence,
)

_NUMBERS_AT_ONCE = 1_800_000  # of a context: ten tracks of the published model
_SUSTAIN = -CONTROLLERS[SUSTAIN]


@dataclass(frozen=True)
class SegmentPaths:
    """The best paths of one segment from every start frame, and what describes their intervals."""

    model: Model
    context: Tensor  # (n_tracks, T, D)
    moves: BestMoves
    confidence: Confidence | None  # None unless asked for
    is_finite: bool = True  # False: the model gave scores that are no numbers, and the paths mean nothing

    @torch.inference_mode()
    def read(self, start_frames: NDArray[np.int64]) -> DecodedSegment:
        """Intervals of each track's path from its start frame, with their attributes.

        Their confidence is that of the segment as a whole, whatever the start frame: an interval that the frames
        before the start speak against is improbable.
        """
        track, begin, end = self.moves.read(start_frames).T
        segment = self._described(track, begin, end)
        if self.confidence is None:
            return segment
        return self._with_runners_up(
            replace(
                segment,
                confidence=self.confidence.of(track, begin, end),
                onset_confidence=self.confidence.begin[track, begin],
            ),
            self.confidence,
        )

    def _with_runners_up(self, segment: DecodedSegment, known: Confidence) -> DecodedSegment:
        """Attributes of the path must not depend on what else there is: those of runners-up are computed apart."""
        path = np.stack((segment.track, segment.begin, segment.end), axis=1)
        found = find_runners_up(known, path)
        described = self._described(*np.concatenate((found.other_ends, found.candidates)).T)
        n = len(found.row)
        positions = described.end[:n] + described.offset_position[:n]
        track, begin, _ = found.candidates.T
        return replace(
            segment,
            other_ends=OtherEnds(found.row, positions, found.other_probability),
            candidates=replace(
                described.after(n), confidence=found.probability, onset_confidence=known.begin[track, begin]
            ),
        )

    def _described(
        self, track: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64]
    ) -> DecodedSegment:
        """Intervals with their attributes."""
        device = self.context.device
        tracks, begins, ends = (torch.from_numpy(np.ascontiguousarray(x)).to(device) for x in (track, begin, end))
        attributes = self.model.attributes.decode(self.context[tracks, begins], self.context[tracks, ends])
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


@torch.inference_mode()
def decode_segments(
    model: Model,
    segments: Sequence[Block],
    *,
    with_confidence: bool = False,
    pedal_bias: float = 0.0,
    clock: Clock = no_clock,
) -> list[SegmentPaths]:
    """Decode a batch of segments, (channels, segment_samples) each; paths come in the same order.

    `pedal_bias` is added to the score of a held sustain pedal for every frame.
    All recursions of the batch run before any path is read, because reading a segment needs the one before it.
    Digital silence holds nothing and is not computed.
    """
    sounding = [samples for samples in segments if samples.any()]
    decoded = iter(_decode(model, np.stack(sounding), with_confidence, pedal_bias, clock) if sounding else ())
    return [
        next(decoded) if samples.any() else _silent_paths(model, samples, with_confidence=with_confidence)
        for samples in segments
    ]


def _decode(
    model: Model, segments: Block, with_confidence: bool, pedal_bias: float, clock: Clock
) -> list[SegmentPaths]:
    """The paths of every clip of (C, A, n_samples)."""
    context = _context(model, segments, clock)
    moves, confidences, whole = [], [], []
    for group, numbers in _track_groups(context, model.config.tracks.numbers):
        with clock("scorer"):
            scores, is_whole = _finite(model.scores(group[None]))
            if pedal_bias and _SUSTAIN in numbers:  # otherwise not a bit of the scores changes
                scores = scores.with_bias(torch.tensor([pedal_bias * (n == _SUSTAIN) for n in numbers]))
        with clock("semi-CRF"):
            best, known = best_moves(
                scores, numbers, with_confidence=with_confidence, stepwise=model.config.decodes_stepwise
            )
        moves.append(best)
        whole.append(is_whole)
        confidences += [] if known is None else [known]
    known = Confidence.joined(confidences) if confidences else None
    are_finite = torch.cat(whole).view(len(context), -1).all(1)
    return _by_clip(model, context, BestMoves.joined(moves), known, are_finite)


def _finite(scores: IntervalScores) -> tuple[IntervalScores, Tensor]:
    """The scores, and which tracks are whole, (N,): the others hold NaN or infinity, and zeros are put there.

    The recursions are compiled for numbers alone.
    """
    is_whole = torch.stack([factor.flatten(1).sum(1) for factor in scores.factors]).isfinite().all(0)
    if is_whole.all():
        return scores, is_whole
    zeroed = (torch.where(is_whole.view(-1, *[1] * (x.dim() - 1)), x, 0.0) for x in scores.factors)
    return IntervalScores(*zeroed), is_whole


def _context(model: Model, segments: Block, clock: Clock) -> Tensor:
    """Context (C, N, T, D) of (C, A, n_samples), as `Model.forward` has it."""
    samples = torch.from_numpy(segments).to(next(model.parameters()).device)
    with clock("spectrogram"):
        features = model.spectrogram(samples)
    with clock("stem"):
        stem = model.backbone.stem(features)
    with clock("transformer"):
        tracks = model.backbone.transform(stem)
    with clock("upsampling"):
        return model.backbone.upsample(tracks, features.shape[1])


def _by_clip(
    model: Model, context: Tensor, moves: BestMoves, confidence: Confidence | None, are_finite: Tensor
) -> list[SegmentPaths]:
    """The paths of every clip of a context (C, N, T, D), given the moves of all C·N tracks."""
    n_tracks = context.shape[1]
    clips = [slice(i * n_tracks, (i + 1) * n_tracks) for i in range(len(context))]
    return [
        SegmentPaths(model, clip, moves[tracks], None if confidence is None else confidence[tracks], is_finite)
        for clip, tracks, is_finite in zip(context, clips, are_finite.tolist(), strict=True)
    ]


def _track_groups(context: Tensor, numbers: Sequence[int]) -> list[tuple[Tensor, list[int]]]:
    """The C·N tracks of a context (C, N, T, D), clip by clip, in groups to decode one after the other.

    A group is (n, T, D), with the numbers of its tracks, of the N `numbers` of a clip.

    On the CPU a group is a few tracks: their queries and keys stay in the caches, and those of all tracks (130 MB)
    are never held.
    """
    tracks = context.flatten(0, 1)
    n_at_once = (
        max(1, _NUMBERS_AT_ONCE // max(1, tracks[0].numel())) if context.device.type == "cpu" else len(tracks)
    )
    all_numbers = [*numbers] * len(context)
    starts = range(0, len(tracks), n_at_once)
    return [(tracks[i : i + n_at_once], all_numbers[i : i + n_at_once]) for i in starts]


def best_moves(
    scores: IntervalScores, numbers: Sequence[int], *, with_confidence: bool, stepwise: bool
) -> tuple[BestMoves, Confidence | None]:
    """Decode all tracks on the device that the scores are on, by the best path or step by step (README §6).

    `numbers` are those of the tracks: where keys are decoded step by step, pedals are decoded by states.
    """
    moves, known = _best_moves(scores, with_confidence, stepwise)
    pedals = np.flatnonzero(np.array(numbers) < 0)
    if stepwise and len(pedals):
        posterior = Posterior.under(IntervalScores(*(x[torch.from_numpy(pedals)] for x in scores.factors)))
        of_pedals, how_probable = decode_states(posterior)
        for ours, theirs in zip(moves.arrays, of_pedals.arrays, strict=True):
            ours[pedals] = theirs
        if known is not None:
            for values, others in zip(known.arrays, how_probable.arrays, strict=True):
                values[pedals] = others
    return moves, known


def _best_moves(
    scores: IntervalScores, with_confidence: bool, stepwise: bool
) -> tuple[BestMoves, Confidence | None]:
    if scores.query.device.type == "cpu":
        if with_confidence:
            return decode_stepwise_with_confidence(scores) if stepwise else decode_with_confidence(scores)
        return decode_stepwise(scores) if stepwise else decode_factored(scores), None
    if not with_confidence:
        return decode_stepwise_on_device(scores) if stepwise else decode_on_device(scores), None
    posterior = Posterior.under(scores)
    moves = decode_stepwise_on_device(scores, posterior.suffixes) if stepwise else decode_on_device(scores)
    return moves, confidence_under(posterior, *moves.arrays)


def _silent_paths(model: Model, samples: Block, *, with_confidence: bool) -> SegmentPaths:
    n_frames = model.config.spectrogram.n_frames(samples.shape[1])
    n_tracks, width = model.config.tracks.n_tracks, model.config.context_width
    no_context = torch.zeros(n_tracks, 0, width, device=next(model.parameters()).device)
    confidence = Confidence.nothing(n_tracks, n_frames) if with_confidence else None
    return SegmentPaths(model, no_context, BestMoves.nothing(n_tracks, n_frames), confidence)


def _array(x: Tensor) -> NDArray[Any]:
    return x.cpu().numpy()
