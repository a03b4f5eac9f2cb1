"""Examples for the meter network: features of beats and what is true of them."""

from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.meter.features import Features, compute_features
from pianotrans.score.meter.network import PLACES
from pianotrans.training.beats.augmentation import augment
from pianotrans.training.beats.examples import BeatSource, bar_lengths, bar_positions
from pianotrans.training.meter.augmentation import LabelledBeats, MeterAugmentation, change_level, harm_beats

_SAME_S = 0.01  # annotated beats nearer than this are one
_MARGIN_S = 2.0  # notes that are kept around the beats of a part


class MeterBatch(NamedTuple):
    """Padded examples: the arguments of the network, then the targets, (B, N)."""

    features: Tensor
    is_there: Tensor
    place: Tensor  # an index of `PLACES`, -1 where unknown
    is_downbeat: Tensor
    identities: tuple[str, ...] = ()  # of the pieces, for messages

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved = {name: x.to(device) for name, x in self._asdict().items() if isinstance(x, Tensor)}
        return type(self)(**moved, identities=self.identities)


def label_beats(beats_s: NDArray[np.float64], is_downbeat: NDArray[np.bool_]) -> LabelledBeats:
    """What annotated beats say of themselves; of two at one time the first is taken."""
    later = np.diff(beats_s, prepend=-np.inf) > _SAME_S
    beats_s, is_downbeat = beats_s[later], is_downbeat[later]
    table = {(meter, position): i for i, (meter, position) in enumerate(PLACES)}
    pairs = zip((bar_lengths(is_downbeat) + 1).tolist(), bar_positions(is_downbeat).tolist(), strict=True)
    place = np.array([table.get(pair, -1) for pair in pairs], dtype=np.int64)
    return LabelledBeats(beats_s, place, is_downbeat)


def make_meter_example(
    source: BeatSource, settings: MeterAugmentation | None, n_beats: int | None, random: Generator
) -> tuple[Features, LabelledBeats]:
    """Features of beats and their labels, changed at random unless `settings` is None, `n_beats` at most."""
    notes, beats_s = source.notes, source.beats_s
    if settings is not None:
        notes, beats_s = augment(notes, beats_s, settings.performance, random)
    is_downbeat = source.is_downbeat
    if settings is not None:
        beats_s, is_downbeat = change_level(beats_s, is_downbeat, settings, random)
    beats = label_beats(beats_s, is_downbeat)
    if settings is not None:
        beats = harm_beats(beats, settings, random)
    if n_beats is not None and len(beats.times_s) > n_beats:
        start = int(random.integers(len(beats.times_s) - n_beats + 1))
        beats = beats[start : start + n_beats]
        notes = _cut(notes, beats.times_s[0] - _MARGIN_S, beats.times_s[-1] + _MARGIN_S)
    return compute_features(notes, beats.times_s), beats


def _cut(notes: NoteTable, start_s: float, end_s: float) -> NoteTable:
    """The notes that begin between two times."""
    at = slice(*np.searchsorted(notes.onset_s, [start_s, end_s]))
    return NoteTable(notes.onset_s[at], notes.offset_s[at], notes.key[at], notes.velocity[at], notes.pedals_s)


def collate_meters(examples: list[tuple[Features, LabelledBeats]]) -> MeterBatch:
    """Pad examples to the longest."""

    def stack(arrays: list[NDArray[np.generic]], fill: float = 0.0) -> Tensor:
        return pad_sequence([torch.from_numpy(array) for array in arrays], batch_first=True, padding_value=fill)

    return MeterBatch(
        stack([features for features, _ in examples]),
        stack([np.ones(len(features), dtype=bool) for features, _ in examples]),
        stack([beats.place for _, beats in examples], -1),
        stack([beats.is_downbeat for _, beats in examples]),
    )
