"""Examples for the hand network: features of notes and the hands that play them."""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from pianotrans.score.beats.notes import Integers, NoteTable
from pianotrans.score.hands.features import Features, compute_features
from pianotrans.training.hands.augmentation import HandAugmentation, augment_hands


@dataclass(frozen=True, eq=False)
class HandSource:
    """A performance to make examples of: its notes and the hand of each, (n_notes,); 0 where it is not known."""

    name: str
    score: str
    notes: NoteTable
    hand: Integers


class HandExample(NamedTuple):
    """Features, notes and hands of a performance, or a part of it."""

    features: Features
    notes: NoteTable
    hand: Integers


class HandBatch(NamedTuple):
    """Padded examples: the arguments of the network, then the hands, (B, M, …); a hand is 0 for padding."""

    features: Tensor
    time_s: Tensor
    key: Tensor
    is_there: Tensor
    hand: Tensor
    identities: tuple[str, ...] = ()  # of the pieces, for messages

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved = {name: x.to(device) for name, x in self._asdict().items() if isinstance(x, Tensor)}
        return type(self)(**moved, identities=self.identities)


def cut_hand_source(source: HandSource, first: int, last: int) -> HandSource:
    """The notes from `first` up to `last`."""
    notes, at = source.notes, slice(first, last)
    start_s = notes.onset_s[first]
    pedals_s = notes.pedals_s
    if pedals_s is not None:
        pedals_s = np.maximum(pedals_s[pedals_s[:, 1] > start_s] - start_s, 0.0)
    part = NoteTable(
        notes.onset_s[at] - start_s, notes.offset_s[at] - start_s, notes.key[at], notes.velocity[at], pedals_s
    )
    return replace(source, notes=part, hand=source.hand[at])


def make_hand_example(source: HandSource, settings: HandAugmentation | None, random: Generator) -> HandExample:
    """An example of a performance, changed at random unless `settings` is None."""
    notes, hand = source.notes, source.hand
    if settings is not None:
        notes, hand = augment_hands(notes, hand, settings, random)
    return HandExample(compute_features(notes), notes, hand)


def collate_hands(examples: list[HandExample]) -> HandBatch:
    """Pad examples to the longest."""

    def stack(arrays: list[np.ndarray]) -> Tensor:
        tensors = [torch.from_numpy(array) for array in arrays]
        return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)

    return HandBatch(
        stack([example.features for example in examples]),
        stack([example.notes.onset_s.astype(np.float32) for example in examples]),
        stack([example.notes.key for example in examples]),
        stack([np.ones(len(example.hand), dtype=bool) for example in examples]),
        stack([example.hand for example in examples]),
    )
