"""Which pieces a step is made of: a function of seed and step alone."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from pianotrans.datasets.hands import HandedPiece
from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.training.hands.augmentation import HandAugmentation
from pianotrans.training.hands.examples import (
    HandBatch,
    HandSource,
    collate_hands,
    cut_hand_source,
    make_hand_example,
)


def read_hand_sources(pieces: Iterable[HandedPiece], split: str) -> list[HandSource]:
    """The pieces of a split, with their notes; those of which no hand is known are left out."""
    sources = []
    for piece in pieces:
        if piece.split == split:
            handed = piece.load()
            if np.any(handed.hand > 0):
                notes = NoteTable.from_performance(handed.performance)
                sources.append(HandSource(piece.name, piece.score, notes, handed.hand))
    return sources


class HandSampler:
    """Draws batches of about `notes_per_step` notes, in cuts of at most `cut` notes.

    Compositions are drawn by the root of their length, however many performances they have.
    """

    def __init__(
        self,
        sources: Sequence[HandSource],
        augmentation: HandAugmentation,
        *,
        notes_per_step: int,
        cut: int,
        seed: int,
    ):
        if not sources:
            raise TrainingError("no pieces to train on. Give a data set with pieces in the split `train`.")
        self._sources, self._augmentation = sources, augmentation
        self._n_cuts, self._cut, self._seed = max(1, round(notes_per_step / cut)), cut, seed
        n_performances = Counter(source.score for source in sources)
        weight = np.array([len(s.hand) ** 0.5 / n_performances[s.score] for s in sources])
        self._share = weight / weight.sum()

    def batch(self, step: int) -> HandBatch:
        """The batch of a step."""
        random = np.random.default_rng([self._seed, step % 2**32])
        chosen = [self._sources[i] for i in random.choice(len(self._sources), self._n_cuts, p=self._share)]
        examples = []
        for source in chosen:
            first = int(random.integers(0, max(len(source.hand) - self._cut, 0) + 1))
            part = cut_hand_source(source, first, first + self._cut)
            examples.append(make_hand_example(part, self._augmentation, random))
        return collate_hands(examples)._replace(identities=tuple(source.name for source in chosen))
