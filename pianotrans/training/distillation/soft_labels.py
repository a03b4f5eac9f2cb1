"""What a model believes of a chunk, on the frames of another model.

A chunk moves every moment of a recording to the nearest of its own frames, and what lies beyond its borders to these.
Such a map keeps the order of moments, so it makes a labelling of the chunk of every labelling of the recording, and
of the probabilities of the intervals of the ones those of the others: they only have to be renamed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import FrameGrid
from pianotrans.network import N_TRACKS, ModelConfig
from pianotrans.training.distillation.soft_events import SoftEvents

_UNKNOWN = 0.01  # of expected intervals without an end: the track is not learnt from


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """Intervals of the frames of a chunk with their probabilities; arrays (n,) but for the last."""

    track: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    probability: NDArray[np.float32]
    is_known: NDArray[np.bool_]  # (N_TRACKS,); false: something in the chunk has an end that nobody has heard


def soft_labels_of(
    events: SoftEvents, start_s: float, config: ModelConfig, n_samples: int, *, speed: float = 1.0
) -> SoftLabels:
    """What is believed of the chunk of `n_samples` samples that starts at the moment `start_s` of the recording.

    The recording is played `speed` times as fast. What true events become in such a chunk (`labels_of`), soft ones
    become, too.
    """
    grid = FrameGrid(config.spectrogram.sample_rate, config.spectrogram.hop_samples)
    duration_s = n_samples / config.spectrogram.sample_rate
    onset_s, offset_s = (
        (events.grid.seconds(frame) - start_s) / speed for frame in (events.begin, events.begin + events.length)
    )
    is_inside = (offset_s > 0) | ((events.length == 0) & (offset_s == 0))
    heard = np.flatnonzero(is_inside & (onset_s < duration_s))
    begin, end = (grid.positions(np.clip(x[heard], 0, duration_s))[0] for x in (onset_s, offset_s))
    track, probability = events.track[heard].astype(np.int64), events.probability[heard].astype(np.float32)
    endless = events.is_cut[heard] & (offset_s[heard] < duration_s)
    n_endless = np.bincount(track[endless], probability[endless], N_TRACKS)
    return SoftLabels(track, begin, end, probability, n_endless <= _UNKNOWN)
