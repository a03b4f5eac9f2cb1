"""One piece, scored: the reference's performance against the estimate's."""

from dataclasses import dataclass
from typing import NamedTuple

from pianotrans.evaluation.alignment import constant_offset_s
from pianotrans.evaluation.deviations import MatchedNotes
from pianotrans.evaluation.metrics import (
    NOTE_METRICS,
    PEDAL_METRICS,
    VELOCITY_METRICS,
    match_onsets,
    note_scores,
    pedal_scores,
)
from pianotrans.evaluation.mistakes import Mistake, find_mistakes
from pianotrans.evaluation.reliability import JudgedEvents, Kind
from pianotrans.evaluation.scores import UNDEFINED, FScore
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import SOFT, SUSTAIN, Performance, begin_at, cut_at

_SCORED_PEDALS = (SUSTAIN, SOFT)  # sostenuto pedals are too rare in data sets for scores to mean anything


class Column(NamedTuple):
    """One score of a piece: `group` is a convention's name, "sustain pedal" or "soft pedal"."""

    group: str
    metric: str

    @property
    def name(self) -> str:
        """Its name in files: "keys onset+offset", "sustain pedal onset"."""
        return f"{self.group} {self.metric}"


def columns(settings: EvaluationSettings) -> tuple[Column, ...]:
    """Every score of a piece, in order: the notes under each convention, then the pedals."""
    notes = [Column(one.name, metric) for one in settings.conventions for metric in NOTE_METRICS]
    pedals = [Column(f"{kind} pedal", metric) for kind in _SCORED_PEDALS for metric in PEDAL_METRICS]
    return (*notes, *pedals)


@dataclass(frozen=True, slots=True)
class PieceScores:
    """The scores of one piece, and what they rest on.

    `scores` has all `columns` of the settings; those whose reference is empty are not defined. `matched` has
    one entry for each convention's name. `mistakes` are under the first convention. `removed_offset_s` is
    what was subtracted from the estimate's times, 0.0 unless the settings ask for it. `judged` are the estimate's
    events with their confidences: its notes, also under the first convention, and its sustain pedals where the
    reference has any; nothing where the estimate has no confidences.
    """

    name: str
    n_reference: int
    n_estimate: int
    removed_offset_s: float
    scores: dict[Column, FScore]
    matched: dict[str, MatchedNotes]
    mistakes: tuple[Mistake, ...]
    judged: dict[Kind, JudgedEvents]


def score_piece(
    reference: Performance,
    estimate: Performance,
    settings: EvaluationSettings,
    *,
    name: str = "",
    knows_velocity: bool = True,
    confident: Performance | None = None,
) -> PieceScores:
    """Score one transcription against what was played.

    All notes take part, also doubled ones and those beyond a piano's 88 keys: each can match at most one of the
    other side. Where the reference has no notes, or no pedal of a kind, those columns are not defined; where
    only the estimate has none they are 0. Unless `knows_velocity`, the reference's velocities mean nothing: the
    columns with velocity are not defined, and there are no deviations of it.

    MIDI holds no confidences: `confident` is the estimate with its confidences, if not the estimate itself. They
    take no part in the scores.

    O(n log n) for n notes that do not all crowd on one key and moment.
    """
    reference, estimate = part_of(reference, settings), part_of(estimate, settings)
    confident = confident and part_of(confident, settings)
    offset_s = 0.0
    if settings.align:
        tables = EventTable.of_notes(reference), EventTable.of_notes(estimate)
        offset_s = constant_offset_s(*tables, window_s=settings.align_window_s)

    scores: dict[Column, FScore] = {}
    matched: dict[str, MatchedNotes] = {}
    mistakes: tuple[Mistake, ...] | None = None
    for convention in settings.conventions:
        ref = EventTable.of_notes(reference, convention.reference)
        est = EventTable.of_notes(estimate, convention.estimate).shifted(-offset_s)
        pairs = match_onsets(ref, est, settings)
        for metric, score in note_scores(ref, est, pairs, settings).items():
            is_known = knows_velocity or metric not in VELOCITY_METRICS
            scores[Column(convention.name, metric)] = score if is_known else UNDEFINED
        found = MatchedNotes.of_pairs(ref, est, pairs)
        matched[convention.name] = found if knows_velocity else found.without_velocities()
        if mistakes is None:
            mistakes = find_mistakes(ref, est, pairs, onset_tolerance_s=settings.onset_tolerance_s)
    for kind in _SCORED_PEDALS:
        ref = EventTable.of_pedals(reference.pedals_of(kind))
        est = EventTable.of_pedals(estimate.pedals_of(kind)).shifted(-offset_s)
        for metric, score in pedal_scores(ref, est, settings).items():
            scores[Column(f"{kind} pedal", metric)] = score
    judged = _judge(reference, confident or estimate, settings, offset_s)
    return PieceScores(name, reference.n_notes, estimate.n_notes, offset_s, scores, matched, mistakes or (), judged)


def part_of(performance: Performance, settings: EvaluationSettings) -> Performance:
    """What counts of a performance."""
    if settings.start_s > 0:
        performance = begin_at(performance, settings.start_s)
    return performance if settings.limit_s is None else cut_at(performance, settings.end_s)


def _judge(
    reference: Performance, estimate: Performance, settings: EvaluationSettings, offset_s: float
) -> dict[Kind, JudgedEvents]:
    convention = settings.conventions[0]
    tables: dict[Kind, tuple[EventTable, EventTable]] = {
        "notes": (
            EventTable.of_notes(reference, convention.reference),
            EventTable.of_notes(estimate, convention.estimate),
        )
    }
    if pedals := reference.pedals_of(SUSTAIN):
        tables["sustain pedal"] = EventTable.of_pedals(pedals), EventTable.of_pedals(estimate.pedals_of(SUSTAIN))
    judged = ((kind, JudgedEvents.of(ref, est.shifted(-offset_s), settings)) for kind, (ref, est) in tables.items())
    return {kind: events for kind, events in judged if events is not None}
