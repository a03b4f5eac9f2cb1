"""Which pieces a step is made of: a function of seed and step alone."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.random import Generator

from pianotrans.datasets.beats import AnnotatedPiece
from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable, find_moments
from pianotrans.training.beats.augmentation import BeatAugmentation
from pianotrans.training.beats.examples import BeatBatch, BeatSource, collate, cut_source, make_example

_N_LENGTHS = 8  # pieces of like length share a step, so that little is padding
_FEWEST_BEATS = 8
_TRIES = 10
_HUMAN = 2.0  # how much more often a human performance is drawn than a sequenced one


def read_sources(pieces: Iterable[AnnotatedPiece], split: str) -> list[BeatSource]:
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
        if piece.split == split and len(piece.beats.times_s) >= _FEWEST_BEATS
    ]


class BeatSampler:
    """Draws batches of about `moments_per_step` moments.

    Each step draws one of `cuts`, the moments of a piece that it sees at most: many short cuts teach tempo and
    meter sooner, since these are the same throughout most pieces; long ones teach to use the whole piece.
    Compositions are drawn by the root of their length and of how many performances they have.
    """

    def __init__(
        self,
        sources: Sequence[BeatSource],
        augmentation: BeatAugmentation,
        *,
        moments_per_step: int,
        cuts: Sequence[int],
        seed: int,
    ):
        if not sources:
            raise TrainingError("no pieces to train on. Give a data set with pieces in the split `train`.")
        self._sources, self._augmentation = sources, augmentation
        self._moments_per_step, self._cuts, self._seed = moments_per_step, tuple(cuts), seed
        n_performances = Counter(source.score for source in sources)
        self._times_s = [find_moments(source.notes.onset_s).time_s for source in sources]
        self._length = np.array([len(time_s) for time_s in self._times_s])
        share = [_share(source) / n_performances[source.score] ** 0.5 for source in sources]
        self._weight = np.array(share) * self._length**0.5
        self._groups = [g for g in np.array_split(np.argsort(self._length, kind="stable"), _N_LENGTHS) if len(g)]

    def batch(self, step: int) -> BeatBatch:
        """The batch of a step."""
        random = np.random.default_rng([self._seed, step % 2**32])
        weights = np.array([self._weight[group].sum() for group in self._groups])
        group = self._groups[random.choice(len(self._groups), p=weights / weights.sum())]
        share = self._weight[group] / self._weight[group].sum()
        cut = int(random.choice(self._cuts))
        n_pieces = max(1, round(self._moments_per_step / min(cut, self._length[group].mean())))
        chosen = random.choice(group, n_pieces, p=share)
        batch = collate([make_example(self._cut(i, cut, random), self._augmentation, random) for i in chosen])
        return batch._replace(identities=tuple(self._sources[i].name for i in chosen))

    def _cut(self, i: int, n_moments: int, random: Generator) -> BeatSource:
        """A random part of a piece, at most `n_moments` long, with a few beats in it."""
        source, time_s = self._sources[i], self._times_s[i]
        for _ in range(_TRIES):
            start = int(random.integers(0, max(len(time_s) - n_moments, 0) + 1))
            end_s = time_s[start + n_moments] if start + n_moments < len(time_s) else np.inf
            part = cut_source(source, time_s[start] - 0.1, end_s)
            if len(part.beats_s) >= _FEWEST_BEATS:
                return part
        return source


def _share(source: BeatSource) -> float:
    return 1.0 if source.notes.pedals_s is None else _HUMAN
