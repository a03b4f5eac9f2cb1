"""How good a meter network is on performances that it has not learnt from, told their beats."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from pianotrans.score.beats.decoding import decode_beats
from pianotrans.score.beats.hints import BeatHints, GivenBeats
from pianotrans.score.beats.network import N_METERS, N_PHASES, BeatLogits
from pianotrans.score.beats.notes import Array
from pianotrans.score.beats.periods import N_PERIODS
from pianotrans.score.beats.potentials import BeatPotentials
from pianotrans.score.meter.model import MeterModel
from pianotrans.training.beats.examples import BeatSource, cut_source
from pianotrans.training.beats.validation import f1_within_70_ms
from pianotrans.training.meter.examples import label_beats
from pianotrans.training.runs.task import Validation

FIGURES = ("downbeats", "pieces", "places")
"""F1 of downbeats, the share of pieces in which it is above 0.9, and the mean probability of true places."""


def validate_meters(model: MeterModel, sources: Sequence[BeatSource], seconds_each: float) -> Validation:
    """Means over the first seconds of performances, those without annotated downbeats left out."""
    found = [_figures(model.eval(), cut_source(source, 0.0, seconds_each)) for source in sources]
    known = [figures for figures in found if figures is not None]
    if not known:
        return Validation({}, "F1 % undefined")
    downbeats, right, log_place = np.mean(known, axis=0).tolist()
    scores = dict(zip(FIGURES, (downbeats, right, float(np.exp(log_place))), strict=True))
    return Validation(scores, ", ".join(f"{name} {100 * score:.1f}" for name, score in scores.items()))


def _figures(model: MeterModel, source: BeatSource) -> tuple[float, float, float] | None:
    beats = label_beats(source.beats_s, source.is_downbeat)
    times_s, known = beats.times_s, beats.place >= 0
    if len(times_s) < 2 or not known.any():
        return None
    hear = partial(model.hear, source.notes)
    grid = decode_beats(times_s, _nothing(times_s), BeatPotentials(), BeatHints(beats=GivenBeats(times_s)), hear)
    f1 = f1_within_70_ms(times_s[beats.is_downbeat], grid.downbeats_s)
    log_place = torch.log_softmax(hear(times_s).place, dim=-1)[known, beats.place[known]]
    return f1, float(f1 > 0.9), float(log_place.mean())


def _nothing(times_s: Array) -> BeatLogits:
    """What a beat network says that knows nothing."""
    n = len(times_s)
    heads = (torch.zeros(n, size) for size in (N_PERIODS, N_METERS, N_PHASES))
    return BeatLogits(torch.zeros(n), torch.zeros(n), *heads)
