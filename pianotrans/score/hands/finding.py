"""Find the hand that plays each note."""

from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from pianotrans.events import Performance
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.features import compute_features
from pianotrans.score.hands.hands import LEFT, RIGHT, Hands
from pianotrans.score.hands.network import HandNetwork, HandNetworkConfig
from pianotrans.score.weights import SmallModel

_WINDOW = 4096  # notes


class HandModel(SmallModel):
    """All that is learned."""

    config_type = HandNetworkConfig

    def __init__(self, config: HandNetworkConfig):
        super().__init__()
        self.network = HandNetwork(config)


class HandFinder:
    """Finds hands with one model."""

    def __init__(self, model: HandModel):
        self._model = model.eval()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """A finder with the model of a folder. Raises ModelError as `HandModel.load` does."""
        return cls(HandModel.load(folder))

    def find(self, performance: Performance) -> Hands:
        """The more probable hand of every note, and its probability. Cost: 5 processor seconds for an hour."""
        return self.find_in(NoteTable.from_performance(performance, knows_pedals=False))

    def find_in(self, notes: NoteTable) -> Hands:
        """The hands of notes in order of onset."""
        right = self.predict(notes).double()
        return Hands(np.where(right >= 0, RIGHT, LEFT), torch.sigmoid(right.abs()).numpy())

    def predict(self, notes: NoteTable, window: int = _WINDOW) -> Tensor:
        """The logit of the right hand for every note, (n_notes,).

        It sees `window` notes at once, a multiple of its reach, and around them all that can count for these.
        """
        if not len(notes.key):
            return torch.zeros(0)
        network = self._model.network
        margin = network.config.n_blocks * network.config.reach
        features = torch.from_numpy(compute_features(notes))[None]
        time_s = torch.from_numpy(notes.onset_s - notes.onset_s[0]).float()[None]
        key = torch.from_numpy(notes.key)[None]
        is_there = torch.ones_like(key, dtype=torch.bool)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(notes.key), window):
                first = max(start - margin, 0)
                seen = slice(first, start + window + margin)
                right = network(*(x[:, seen] for x in (features, time_s, key, is_there)))
                parts.append(right[0, start - first : start - first + window])
        return torch.cat(parts)


def split_hands(performance: Performance, key: int) -> Hands:
    """All notes from the MIDI number `key` on to the right hand, those below to the left."""
    is_right = np.array([note.key >= key for note in performance.notes], dtype=bool)
    return Hands(np.where(is_right, RIGHT, LEFT), np.ones(len(is_right)))
