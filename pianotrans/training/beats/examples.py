"""Examples for the beat network: features of moments and what is true of them."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.score.beats.features import Features, compute_features
from pianotrans.score.beats.network import N_METERS, N_PHASES
from pianotrans.score.beats.notes import Array, Moments, NoteTable, find_moments
from pianotrans.score.beats.periods import period_targets
from pianotrans.training.beats.augmentation import BeatAugmentation, augment

_SAME_S = 0.07  # a beat this far from the nearest moment at most is that moment
_DOUBTFUL_S = 0.045  # other moments this near a beat are neither right nor wrong


@dataclass(frozen=True, eq=False)
class BeatSource:
    """A performance to make examples of: its notes and its beats, both arrays (n_beats,)."""

    name: str
    score: str
    composer: str
    notes: NoteTable
    beats_s: Array
    is_downbeat: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BeatTargets:
    """What is true of each moment, (n_moments,) or (n_moments, n); weights are 0 where nothing is known."""

    beat: Features
    downbeat: Features
    beat_weight: Features
    period: Features
    phase: Features
    meter: NDArray[np.int64]  # beats in the bar, less one; -1 where unknown
    span_weight: Features  # of period and phase
    beat_meter: NDArray[np.int64]  # beats in the bar of every moment that is a beat; -1 elsewhere and where unknown
    beat_position: NDArray[np.int64]  # beats since the downbeat, or -1


class BeatBatch(NamedTuple):
    """Padded examples: the arguments of the network, then the targets, (B, M, …)."""

    features: Tensor
    time_s: Tensor
    is_there: Tensor
    beat: Tensor
    downbeat: Tensor
    beat_weight: Tensor
    period: Tensor
    phase: Tensor
    meter: Tensor
    span_weight: Tensor
    beat_meter: Tensor
    beat_position: Tensor
    identities: tuple[str, ...] = ()  # of the pieces, for messages

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved = {name: x.to(device) for name, x in self._asdict().items() if isinstance(x, Tensor)}
        return type(self)(**moved, identities=self.identities)


def make_targets(moments: Moments, beats_s: Array, is_downbeat: NDArray[np.bool_]) -> BeatTargets:
    """What the beats say of every moment."""
    time_s, n = moments.time_s, moments.n_moments
    of_beat = nearest(time_s, beats_s)
    is_found = np.abs(time_s[of_beat] - beats_s) <= _SAME_S
    beat, downbeat = np.zeros(n), np.zeros(n)
    beat[of_beat[is_found]] = 1
    downbeat[of_beat[is_found & is_downbeat]] = 1
    distance_s = np.abs(beats_s[nearest(beats_s, time_s)] - time_s)
    first_s, last_s = beats_s[0] - 0.3, beats_s[-1] + 0.3
    is_known = (time_s >= first_s) & (time_s <= last_s) & ((beat == 1) | (distance_s > _DOUBTFUL_S))

    span = np.clip(np.searchsorted(beats_s, time_s, side="right") - 1, 0, len(beats_s) - 2)
    period_s = np.diff(beats_s)[span]
    is_inside = (time_s >= beats_s[0]) & (time_s < beats_s[-1]) & (period_s > 0.05)
    part = np.clip((time_s - beats_s[span]) / np.maximum(period_s, 0.05), 0, 1) * N_PHASES
    meters, positions = bar_lengths(is_downbeat), bar_positions(is_downbeat)
    beat_meter, beat_position = np.full((2, n), -1)
    beat_meter[of_beat[is_found]] = np.where(meters >= 0, meters + 1, -1)[is_found]
    beat_position[of_beat[is_found]] = positions[is_found]
    return BeatTargets(
        beat.astype(np.float32),
        downbeat.astype(np.float32),
        is_known.astype(np.float32),
        period_targets(_smooth_periods(beats_s)[span]),
        _phase_targets(part),
        meters[span],
        is_inside.astype(np.float32),
        beat_meter,
        beat_position,
    )


def nearest(among: Array, wanted: Array) -> NDArray[np.int64]:
    """The index of the nearest of `among`, in order, to each of `wanted`."""
    right = np.clip(np.searchsorted(among, wanted), 1, max(len(among) - 1, 1))
    is_left = wanted - among[right - 1] <= among[np.minimum(right, len(among) - 1)] - wanted
    return np.minimum(np.where(is_left, right - 1, right), len(among) - 1)


def _smooth_periods(beats_s: Array) -> Array:
    """The period of every interval between beats, averaged in part with its neighbours'."""
    log = np.log(np.maximum(np.diff(beats_s), 0.05))
    padded = np.concatenate([log[:1], log, log[-1:]])
    return np.exp(0.25 * padded[:-2] + 0.5 * log + 0.25 * padded[2:])


def _phase_targets(part: Array) -> Features:
    """Shares of the two parts of a beat beside each position, (n, N_PHASES)."""
    low = np.floor(part).astype(np.int64)
    targets = np.zeros((len(part), N_PHASES), dtype=np.float32)
    rows = np.arange(len(part))
    targets[rows, low % N_PHASES] += 1 - (part - low)
    targets[rows, (low + 1) % N_PHASES] += part - low
    return targets


def bar_lengths(is_downbeat: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For every beat, the beats in its bar less one; -1 in the pickup, the last bar and too long ones."""
    bar = np.cumsum(is_downbeat)
    length = np.bincount(bar)[bar]
    is_known = (bar > 0) & (bar < bar[-1]) & (length <= N_METERS)
    return np.where(is_known, length - 1, -1)


def bar_positions(is_downbeat: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For every beat, the beats since the last downbeat; -1 in the pickup."""
    numbers = np.arange(len(is_downbeat))
    last = np.maximum.accumulate(np.where(is_downbeat, numbers, -1))
    return np.where(last >= 0, numbers - last, -1)


def cut_source(source: BeatSource, start_s: float, end_s: float) -> BeatSource:
    """What is played between two times."""
    notes, first = source.notes, np.searchsorted(source.notes.onset_s, start_s)
    last = np.searchsorted(notes.onset_s, end_s)
    pedals_s = notes.pedals_s
    if pedals_s is not None:
        pedals_s = pedals_s[(pedals_s[:, 1] > start_s) & (pedals_s[:, 0] < end_s)]
    at = slice(int(first), int(last))
    part = NoteTable(notes.onset_s[at], notes.offset_s[at], notes.key[at], notes.velocity[at], pedals_s)
    beats = (source.beats_s >= start_s - _SAME_S) & (source.beats_s <= end_s)
    return replace(source, notes=part, beats_s=source.beats_s[beats], is_downbeat=source.is_downbeat[beats])


def make_example(
    source: BeatSource, settings: BeatAugmentation | None, random: Generator
) -> tuple[Features, Array, BeatTargets]:
    """Features, times and targets of a performance, changed at random unless `settings` is None."""
    notes, beats_s = source.notes, source.beats_s
    if settings is not None:
        notes, beats_s = augment(notes, beats_s, settings, random)
    moments = find_moments(notes.onset_s)
    targets = make_targets(moments, beats_s, source.is_downbeat)
    return compute_features(notes, moments), moments.time_s, targets


def collate(examples: list[tuple[Features, Array, BeatTargets]]) -> BeatBatch:
    """Pad examples to the longest."""
    longest = max(len(time_s) for _, time_s, _ in examples)

    def stack(arrays: list[NDArray[np.generic]], fill: int = 0) -> Tensor:
        shape = (len(arrays), longest, *arrays[0].shape[1:])
        out = np.full(shape, fill, dtype=arrays[0].dtype)
        for row, array in zip(out, arrays, strict=True):
            row[: len(array)] = array
        return torch.from_numpy(out)

    targets = [target for _, _, target in examples]
    start_s = [time_s[0] if len(time_s) else 0.0 for _, time_s, _ in examples]
    return BeatBatch(
        stack([features for features, _, _ in examples]),
        stack([(t - s).astype(np.float32) for (_, t, _), s in zip(examples, start_s, strict=True)]),
        stack([np.ones(len(time_s), dtype=bool) for _, time_s, _ in examples]),
        stack([target.beat for target in targets]),
        stack([target.downbeat for target in targets]),
        stack([target.beat_weight for target in targets]),
        stack([target.period for target in targets]),
        stack([target.phase for target in targets]),
        stack([target.meter for target in targets], fill=-1),
        stack([target.span_weight for target in targets]),
        stack([target.beat_meter for target in targets], fill=-1),
        stack([target.beat_position for target in targets], fill=-1),
    )
