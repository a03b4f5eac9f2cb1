"""Which pieces a step is made of: a function of seed and step alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pianotrans.errors import TrainingError
from pianotrans.training.beats.examples import BeatSource
from pianotrans.training.meter.augmentation import MeterAugmentation
from pianotrans.training.meter.examples import MeterBatch, collate_meters, make_meter_example

_HUMAN = 2.0  # how much more often a human performance is drawn than a sequenced one


class MeterSampler:
    """Draws `pieces_per_step` pieces, each cut to at most `cut` beats.

    Compositions are drawn by the root of their length and, a little, of how many performances they have.
    """

    def __init__(
        self,
        sources: Sequence[BeatSource],
        augmentation: MeterAugmentation,
        *,
        pieces_per_step: int,
        cut: int,
        seed: int,
    ):
        if not sources:
            raise TrainingError("no pieces to train on. Give a data set with pieces in the split `train`.")
        self._sources, self._augmentation = sources, augmentation
        self._n_pieces, self._cut, self._seed = pieces_per_step, cut, seed
        n_performances = Counter(source.score for source in sources)
        share = [1.0 if source.notes.pedals_s is None else _HUMAN for source in sources]
        rarity = [n_performances[source.score] ** -0.7 for source in sources]
        weight = np.array([len(source.beats_s) ** 0.5 for source in sources]) * share * rarity
        self._weight = weight / weight.sum()

    def batch(self, step: int) -> MeterBatch:
        """The batch of a step."""
        random = np.random.default_rng([self._seed, step % 2**32])
        chosen = [self._sources[i] for i in random.choice(len(self._sources), self._n_pieces, p=self._weight)]
        examples = [make_meter_example(source, self._augmentation, self._cut, random) for source in chosen]
        return collate_meters(examples)._replace(identities=tuple(source.name for source in chosen))
