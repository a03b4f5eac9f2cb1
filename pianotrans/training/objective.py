"""How probable the network finds what was played: the training objective (README §5–§7, §9).

Axes: C clips, A audio channels, N tracks, T frames, D width, n intervals of all clips together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import ContinuousBernoulli
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from pianotrans.network import Model, continuous_bernoulli_target
from pianotrans.semicrf import IntervalScores, log_partition_factored
from pianotrans.semicrf.scores import exact_type
from pianotrans.training.data.labels import Labels

_TRACKS_AT_ONCE = 10
_RARE = (5.0, 1.0, 5.0)  # how often a frame with an onset, sound or offset counts
_UNHEARD = 3.0  # minus the logit of a context of zeros: a new model expects to hear nothing


@dataclass(frozen=True)
class LogProbability:
    """Natural logarithms of probabilities (of densities, for the positions), track by track; each (C, N)."""

    intervals: Tensor  # of the labelling, among all labellings
    attributes: Tensor  # of velocities, positions and presences of its intervals, given these
    frames: Tensor  # of what happens in each frame by itself, see `frame_log_probability`; zeros unless asked for

    @property
    def total(self) -> Tensor:
        """Of intervals and attributes together, (C, N)."""
        return self.intervals + self.attributes


def log_probability(
    model: Model, samples: Tensor, labels: Sequence[Labels], *, with_frames: bool = False
) -> LogProbability:
    """Log-probability of what was played in each clip, differentiable by the model's parameters.

    Autocast governs the transformer alone: features, interval scores, the semi-CRF and attributes are computed in
    float32 and summed in float64 (float32 on Apple's GPUs) whatever it says.

    Args:
        model: in training mode for dropout on the attributes.
        samples: (C, A, n_samples).
        labels: one for each clip.
        with_frames: also of each frame by itself.

    Raises ValueError for labels that are not of such clips.
    """
    n_frames = model.config.spectrogram.n_frames(samples.shape[-1])
    _check(labels, len(samples), n_frames)
    exactly = torch.autocast(samples.device.type, enabled=False)
    with exactly:
        features = model.spectrogram(samples)
    tracks = model.backbone.transform(model.backbone.stem(features))
    truth = Truth.of(labels, model.config.tracks.n_tracks, samples.device)
    with exactly:
        found = [
            _of_group(model, group.float(), n_frames, some, with_frames) for group, some in _groups(tracks, truth)
        ]
    return LogProbability(*(torch.cat(parts).view(len(samples), -1) for parts in zip(*found, strict=True)))


@dataclass(frozen=True)
class Truth:
    """The labels of all clips, one behind the other, on the model's device."""

    track: Tensor  # (n,), counted through all clips
    begin: Tensor  # (n,)
    end: Tensor  # (n,)
    velocity: Tensor  # (n,)
    positions: Tensor  # (n, 2), onset and offset
    presences: Tensor  # (n, 2)

    @classmethod
    def of(cls, labels: Sequence[Labels], n_tracks: int, device: torch.device) -> "Truth":
        """What is true of clips of `n_tracks` tracks each."""
        joined = Labels.joined(labels)
        lengths = torch.tensor([len(some) for some in labels])
        clip = torch.arange(len(labels)).repeat_interleave(lengths)
        track, begin, end, velocity = (
            torch.from_numpy(x) for x in (joined.track, joined.begin, joined.end, joined.velocity)
        )
        positions, presences = (
            torch.stack([torch.from_numpy(x).float() for x in pair], dim=1)
            for pair in (
                (joined.onset_position, joined.offset_position),
                (joined.onset_present, joined.offset_present),
            )
        )
        tensors = (clip * n_tracks + track, begin, end, velocity, positions, presences)
        return cls(*(x.to(device) for x in tensors))

    def among(self, first: int, n_tracks: int) -> "Truth":
        """The labels of some tracks, counted from the first of them."""
        chosen = (self.track >= first) & (self.track < first + n_tracks)
        track, *others = (x[chosen] for x in vars(self).values())
        return Truth(track - first, *others)


def _groups(tracks: Tensor, truth: Truth) -> Iterator[tuple[Tensor, Truth]]:
    """Tokens of tracks (C, S, N, D) in groups with what is true of them, in order of clips and tracks.

    On the CPU a few tracks at a time: maps of all of them (64 MB each) and their gradients would take as long to
    be read and written as to be computed.
    """
    if tracks.device.type != "cpu":
        yield tracks, truth
        return
    first = 0
    for clip in torch.split(tracks, 1):
        for group in torch.split(clip, _TRACKS_AT_ONCE, dim=2):
            yield group, truth.among(first, group.shape[2])
            first += group.shape[2]


def _of_group(
    model: Model, tracks: Tensor, n_frames: int, truth: Truth, with_frames: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Log-probabilities of intervals, attributes and frames of each track, (C·N,), given tokens (C, S, N, D)."""
    context = model.backbone.upsample(tracks, n_frames).flatten(0, 1)  # (C·N, T, D)
    intervals = _of_intervals(model.scores(context), truth)
    attributes = _of_attributes(model, context, truth).to(intervals.dtype)
    nothing = torch.zeros_like(intervals)
    frames = frame_log_probability(context, frame_targets(truth, context)) if with_frames else nothing
    return intervals, nothing.index_add(0, truth.track, attributes), frames


def _of_intervals(scores: IntervalScores, truth: Truth) -> Tensor:
    """Log-probability of the labelling of each track, (C·N,): its weight among those of all labellings."""
    taken = scores.of(truth.track, truth.begin, truth.end)
    return (-log_partition_factored(scores)).index_add(0, truth.track, taken)


def frame_targets(truth: Truth, context: Tensor) -> Tensor:
    """What happens to each track at each frame, (C·N, T, 3), 0 or 1: an onset, sound, an offset.

    Sound lasts from the frame of the onset to that of the offset. What lies outside the clip has no frame.
    """
    onset, sound, offset = targets = context.new_zeros(3, *context.shape[:2])
    onset[truth.track, truth.begin] = truth.presences[:, 0]
    offset[truth.track, truth.end] = truth.presences[:, 1]
    edges = context.new_zeros(len(context), context.shape[1] + 1)
    ones = edges.new_ones(len(truth.track))
    edges.index_put_((truth.track, truth.begin), ones, accumulate=True)
    edges.index_put_((truth.track, truth.end + 1), -ones, accumulate=True)
    sound.copy_(edges[:, :-1].cumsum(dim=1).clamp(max=1))
    return targets.permute(1, 2, 0)


def frame_log_probability(context: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of what happens at each frame, (C·N,), were the first three numbers of the context logits.

    Rare events count more. They teach the context quickly what the semi-CRF has to learn slowly: where there is
    anything at all.
    """
    weight = context.new_tensor(_RARE)
    n = len(_RARE)
    logits = context[..., :n] - _UNHEARD
    losses = binary_cross_entropy_with_logits(logits, targets, pos_weight=weight, reduction="none")
    return -losses.sum(dim=(1, 2)).to(exact_type(context.device))


def _of_attributes(model: Model, context: Tensor, truth: Truth) -> Tensor:
    """Log-probability of the attributes of each interval, (n,)."""
    frames = torch.cat([truth.begin, truth.end])
    begin, end = context[truth.track.repeat(2), frames].chunk(2)  # one gradient map for both
    velocity, refinement = model.attributes(begin, end)
    position, presence = refinement.split(2, dim=1)
    target = continuous_bernoulli_target(truth.positions)
    distribution = ContinuousBernoulli(logits=position, validate_args=False)
    of_position: Tensor = distribution.log_prob(target)  # type: ignore[no-untyped-call]
    of_presence = -binary_cross_entropy_with_logits(presence, truth.presences, reduction="none")
    of_velocity = -cross_entropy(velocity, truth.velocity, reduction="none")
    return of_velocity + (of_position + of_presence).sum(dim=1)


def _check(labels: Sequence[Labels], n_clips: int, n_frames: int) -> None:
    if len(labels) != n_clips:
        raise ValueError(f"labels of {len(labels)} clips given with samples of {n_clips}: one for each needed")
    last = max((int(some.end.max()) for some in labels if len(some)), default=0)
    if last >= n_frames:
        raise ValueError(f"labels up to frame {last} given for clips of {n_frames} frames: cut both alike")
