"""Which pieces a step is made of: a function of seed and step alone."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from pianotrans.datasets.beats import AnnotatedPiece, Split
from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable, find_moments
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.beats.examples import BeatBatch, BeatSource, collate, make_example

_N_LENGTHS = 8  # pieces of like length share a step, so that little is padding
_FEWEST_BEATS = 8
_HUMAN = 2.0  # how much more often a human performance is drawn than a sequenced one


def read_sources(pieces: Iterable[AnnotatedPiece], split: Split) -> list[BeatSource]:
    """The pieces of a split that have beats, with their notes."""
    return [
        BeatSource(
            piece.name,
            piece.score,
            piece.composer,
            NoteTable.from_performance(piece.load(), knows_pedals=piece.knows_pedals),
            piece.beats.times_s,
            piece.beats.is_downbeat,
        )
        for piece in pieces
        if piece.split == split and len(piece.beats.times_s) > _FEWEST_BEATS
    ]


class BeatSampler:
    """Draws batches of about `moments_per_step` moments.

    Compositions are drawn by the root of their length and of how many performances they have.
    """

    def __init__(
        self,
        sources: Sequence[BeatSource],
        augmentation: BeatAugmentation,
        *,
        moments_per_step: int,
        most_moments: int,
        seed: int,
    ):
        if not sources:
            raise TrainingError("no pieces to train on. Give a data set with pieces in the split `train`.")
        self._sources, self._augmentation = sources, augmentation
        self._moments_per_step, self._most_moments, self._seed = moments_per_step, most_moments, seed
        n_performances = Counter(source.score for source in sources)
        lengths = [min(find_moments(source.notes.onset_s).n_moments, most_moments) for source in sources]
        self._length = np.array(lengths)
        share = [_share(source) / n_performances[source.score] ** 0.5 for source in sources]
        self._weight = np.array(share) * self._length**0.5
        self._groups = [g for g in np.array_split(np.argsort(self._length, kind="stable"), _N_LENGTHS) if len(g)]

    def batch(self, step: int) -> BeatBatch:
        """The batch of a step."""
        random = np.random.default_rng([self._seed, step])
        weights = np.array([self._weight[group].sum() for group in self._groups])
        group = self._groups[random.choice(len(self._groups), p=weights / weights.sum())]
        share = self._weight[group] / self._weight[group].sum()
        examples, n_moments = [], 0
        while n_moments + self._length[group].mean() / 2 < self._moments_per_step:
            source = self._sources[random.choice(group, p=share)]
            examples.append(make_example(source, self._augmentation, self._most_moments, random))
            n_moments += max(len(examples[-1][1]), 1)
        return collate(examples)


def _share(source: BeatSource) -> float:
    return 1.0 if source.notes.pedals_s is None else _HUMAN
