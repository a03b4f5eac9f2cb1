"""Beats and downbeats against annotated ones, by mir_eval.

The measures are those of Davies, Degara & Plumbley, "Evaluation Methods for Musical Audio Beat Tracking
Algorithms", 2009. Beats of the first 5 s do not count, on either side; a beat is right within 70 ms.
"""

import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.score.beats.grid import BeatGrid


@dataclass(frozen=True, slots=True)
class BeatScores:
    """Figures of a piece, 0 … 1.

    `beats` and `downbeats` are F1. `cmlt` is the share of beats in stretches that are followed without a mistake at
    the annotated level, `amlt` the same where half, double and off-beats are allowed. `bar_right` is 1 if the usual
    number of beats in a bar is right, else 0.
    """

    beats: float
    downbeats: float
    cmlt: float
    amlt: float
    bar_right: float


def score_beats(truth: BeatAnnotation, grid: BeatGrid) -> BeatScores | None:
    """Compare beats with the annotated ones; None if the annotation has no beat behind the first 5 s."""
    import mir_eval

    trim = mir_eval.beat.trim_beats
    beats = trim(truth.times_s), trim(grid.times_s)
    downbeats = trim(truth.downbeats_s), trim(grid.downbeats_s)
    if not len(beats[0]):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of beats that are missing on one side
        _, cmlt, _, amlt = mir_eval.beat.continuity(*beats)
        return BeatScores(
            beats=mir_eval.beat.f_measure(*beats),
            downbeats=mir_eval.beat.f_measure(*downbeats),
            cmlt=cmlt,
            amlt=amlt,
            bar_right=float(grid.usual_n_beats == usual_n_beats(truth)),
        )


def usual_n_beats(truth: BeatAnnotation) -> int | None:
    """The number of beats in a bar that most annotated beats have; None if there are no two downbeats."""
    lengths = np.diff(np.flatnonzero(truth.is_downbeat))
    counts: Counter[int] = Counter()
    for n in lengths.tolist():
        counts[n] += n
    return counts.most_common(1)[0][0] if counts else None
