"""How good a beat tracker is on performances that it has not learnt from."""

import warnings
from collections.abc import Sequence

import numpy as np

from pianotrans.score.beats.notes import Array, find_moments
from pianotrans.score.beats.tracking import BeatModel, BeatTracker
from pianotrans.training.beats.examples import BeatSource, cut_source
from pianotrans.training.runs.task import Validation

FIGURES = ("beats", "downbeats", "both")
"""F1 of beats, of downbeats, and the mean of the two."""


def validate_beats(model: BeatModel, sources: Sequence[BeatSource], seconds_each: float) -> Validation:
    """Mean F1 over the first seconds of performances, those without annotated downbeats left out."""
    tracker = BeatTracker(model)
    found = [_figures(tracker, cut_source(source, 0.0, seconds_each)) for source in sources]
    known = [figures for figures in found if figures is not None]
    if not known:
        return Validation({}, "F1 % undefined")
    beats, downbeats = np.mean(known, axis=0).tolist()
    scores = dict(zip(FIGURES, (beats, downbeats, (beats + downbeats) / 2), strict=True))
    shown = ", ".join(f"{name} {100 * scores[name]:.1f}" for name in FIGURES[:2])
    return Validation(scores, f"F1 % {shown}")


def _figures(tracker: BeatTracker, source: BeatSource) -> tuple[float, float] | None:
    """F1 of beats and downbeats."""
    moments = find_moments(source.notes.onset_s)
    if moments.n_moments < 2 or not len(_trimmed(source.beats_s[source.is_downbeat])):
        return None
    grid = tracker.decode(source.notes, moments, tracker.predict(source.notes, moments))
    downbeats_s = source.beats_s[source.is_downbeat]
    return f1_within_70_ms(source.beats_s, grid.times_s), f1_within_70_ms(downbeats_s, grid.downbeats_s)


def f1_within_70_ms(reference_s: Array, estimated_s: Array) -> float:
    """F1 within 70 ms, without the first 5 s, as mir_eval has it."""
    import mir_eval.beat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of estimates without beats
        return float(mir_eval.beat.f_measure(_trimmed(reference_s), _trimmed(estimated_s)))


def _trimmed(times_s: Array) -> Array:
    trimmed: Array = times_s[times_s >= 5.0]
    return trimmed
