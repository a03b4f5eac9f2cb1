"""The scores of the literature, for the notes and for the pedals of one piece."""

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.activation import activation_score, frame_score
from pianotrans.evaluation.matching import match_events, overlap_ratios, velocities_agree
from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import EventTable, Pairs

ONSET = "onset"
ONSET_VELOCITY = "onset+velocity"
OFFSET = "onset+offset"
OFFSET_VELOCITY = "onset+offset+velocity"
ACTIVATION = "activation"
FRAME = "frame"

NOTE_METRICS = (ONSET, ONSET_VELOCITY, OFFSET, OFFSET_VELOCITY, ACTIVATION, FRAME)
VELOCITY_METRICS = (ONSET_VELOCITY, OFFSET_VELOCITY)
PEDAL_METRICS = (ACTIVATION, ONSET, OFFSET)


def match_onsets(reference: EventTable, estimate: EventTable, settings: EvaluationSettings) -> Pairs:
    """Events of the same key whose onsets agree."""
    return match_events(reference, estimate, onset_tolerance_s=settings.onset_tolerance_s)


def note_scores(
    reference: EventTable, estimate: EventTable, by_onset: Pairs, by_offset: Pairs, settings: EvaluationSettings
) -> dict[str, FScore]:
    """Every one of `NOTE_METRICS`; the pairs are what `match_onsets` and `match_offsets` found."""
    scores = {}
    for plain, with_velocity, pairs in ((ONSET, ONSET_VELOCITY, by_onset), (OFFSET, OFFSET_VELOCITY, by_offset)):
        agree = velocities_agree(reference, estimate, pairs, tolerance=settings.velocity_tolerance)
        scores[plain] = _event_score(reference, estimate, pairs)
        scores[with_velocity] = _event_score(reference, estimate, pairs, agree)
    scores[ACTIVATION] = activation_score(reference, estimate)
    scores[FRAME] = frame_score(reference, estimate, hop_s=settings.frame_hop_s)
    return scores


def pedal_scores(reference: EventTable, estimate: EventTable, settings: EvaluationSettings) -> dict[str, FScore]:
    """Every one of `PEDAL_METRICS`, for the pedals of one kind."""
    by_onset = match_onsets(reference, estimate, settings)
    by_offset = match_offsets(reference, estimate, settings)
    return {
        ACTIVATION: activation_score(reference, estimate),
        ONSET: _event_score(reference, estimate, by_onset),
        OFFSET: _event_score(reference, estimate, by_offset),
    }


def match_offsets(reference: EventTable, estimate: EventTable, settings: EvaluationSettings) -> Pairs:
    """Events of the same key whose onsets and offsets agree."""
    return match_events(
        reference,
        estimate,
        onset_tolerance_s=settings.onset_tolerance_s,
        offset_ratio=settings.offset_ratio,
        offset_tolerance_s=settings.offset_tolerance_s,
    )


def _event_score(
    reference: EventTable, estimate: EventTable, pairs: Pairs, agree: NDArray[np.bool_] | None = None
) -> FScore:
    if agree is not None:
        pairs = pairs[agree]
    ratios = overlap_ratios(reference, estimate, pairs)
    return FScore(len(pairs), len(reference), len(estimate), float(ratios.mean()) if len(ratios) else None)
