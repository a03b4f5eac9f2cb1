"""One piece, scored: the reference's performance against the estimate's."""

from dataclasses import dataclass
from typing import NamedTuple

from pianotrans.evaluation.alignment import constant_offset_s
from pianotrans.evaluation.circumstances import CircumstanceBand, PlacedNotes, circumstance_bands
from pianotrans.evaluation.details import Details
from pianotrans.evaluation.deviations import MatchedNotes
from pianotrans.evaluation.metrics import (
    NOTE_METRICS,
    ONSET,
    PEDAL_METRICS,
    VELOCITY_METRICS,
    match_offsets,
    match_onsets,
    note_scores,
    pedal_scores,
)
from pianotrans.evaluation.mistakes import Mistake, find_mistakes
from pianotrans.evaluation.musical import DYNAMICS, musical_measures
from pianotrans.evaluation.pedalling import Pedalling
from pianotrans.evaluation.reliability import JudgedEvents, Kind
from pianotrans.evaluation.scores import UNDEFINED, FScore
from pianotrans.evaluation.settings import Convention, EvaluationSettings
from pianotrans.evaluation.tables import EventTable, Pairs
from pianotrans.evaluation.tolerances import ToleranceSweep
from pianotrans.evaluation.velocities import VelocityFit
from pianotrans.events import SOFT, SUSTAIN, Durations, PedalCurve, Performance, begin_at, cut_at
from pianotrans.piano import PedalKind

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
    reference has any; nothing where the estimate has no confidences. `details` are all the rest.
    """

    name: str
    n_reference: int
    n_estimate: int
    removed_offset_s: float
    scores: dict[Column, FScore]
    matched: dict[str, MatchedNotes]
    mistakes: tuple[Mistake, ...]
    judged: dict[Kind, JudgedEvents]
    details: Details


def score_piece(
    reference: Performance,
    estimate: Performance,
    settings: EvaluationSettings,
    *,
    name: str = "",
    knows_velocity: bool = True,
    confident: Performance | None = None,
    pedal_curves: tuple[PedalCurve, PedalCurve] | None = None,
) -> PieceScores:
    """Score one transcription against what was played.

    All notes take part, also doubled ones and those beyond a piano's 88 keys: each can match at most one of the
    other side. Where the reference has no notes, or no pedal of a kind, those columns are not defined; where
    only the estimate has none they are 0. Unless `knows_velocity`, the reference's velocities mean nothing: the
    columns with velocity are not defined, and there are no deviations of it.

    MIDI holds no confidences: `confident` is the estimate with its confidences, if not the estimate itself. They
    take no part in the scores. A performance does not hold how far its pedals are down either: `pedal_curves` are
    those of the sustain pedal, of the reference and of the estimate; without them it is up or all the way down.

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
    sides = [_match(reference, estimate, convention, settings, offset_s) for convention in settings.conventions]
    for convention, one in zip(settings.conventions, sides, strict=True):
        for metric, score in note_scores(*one, settings).items():
            is_known = knows_velocity or metric not in VELOCITY_METRICS
            scores[Column(convention.name, metric)] = score if is_known else UNDEFINED
        found = MatchedNotes.of_pairs(one.reference, one.estimate, one.by_onset)
        matched[convention.name] = found if knows_velocity else found.without_velocities()
    for kind in _SCORED_PEDALS:
        ref, est = _pedals(reference, kind), _pedals(estimate, kind).shifted(-offset_s)
        for metric, score in pedal_scores(ref, est, settings).items():
            scores[Column(f"{kind} pedal", metric)] = score

    first = sides[0]
    ref_curve, est_curve = pedal_curves or tuple(
        PedalCurve.of_pedals(one.pedals_of(SUSTAIN)) for one in (reference, estimate)
    )
    details = Details(
        circumstances=_circumstances(first, reference, estimate, offset_s, knows_velocity=knows_velocity),
        sweep=ToleranceSweep.of(first.reference, first.estimate, onset_tolerance_s=settings.onset_tolerance_s),
        velocity=VelocityFit.of(matched[settings.conventions[0].name]),
        pedalling=Pedalling.of(
            ref_curve,
            est_curve.shifted(-offset_s),
            (settings.start_s, min(reference.end_s, settings.end_s)),
            scores[Column(f"{SUSTAIN} pedal", ONSET)],
        ),
        musical=_music(reference, estimate, offset_s, knows_velocity=knows_velocity),
    )
    return PieceScores(
        name=name,
        n_reference=reference.n_notes,
        n_estimate=estimate.n_notes,
        removed_offset_s=offset_s,
        scores=scores,
        matched=matched,
        mistakes=find_mistakes(
            first.reference, first.estimate, first.by_onset, onset_tolerance_s=settings.onset_tolerance_s
        ),
        judged=_judge(reference, confident or estimate, settings, offset_s),
        details=details,
    )


class _Sides(NamedTuple):
    """The notes of both sides under one convention, and which of them are matched."""

    reference: EventTable
    estimate: EventTable
    by_onset: Pairs
    by_offset: Pairs


def _match(
    reference: Performance,
    estimate: Performance,
    convention: Convention,
    settings: EvaluationSettings,
    offset_s: float,
) -> _Sides:
    ref = EventTable.of_notes(reference, convention.reference)
    est = EventTable.of_notes(estimate, convention.estimate).shifted(-offset_s)
    return _Sides(ref, est, match_onsets(ref, est, settings), match_offsets(ref, est, settings))


def _pedals(performance: Performance, kind: PedalKind) -> EventTable:
    return EventTable.of_pedals(performance.pedals_of(kind))


def _circumstances(
    notes: _Sides, reference: Performance, estimate: Performance, offset_s: float, *, knows_velocity: bool
) -> tuple[CircumstanceBand, ...]:
    rows = zip(notes.by_onset.T, notes.by_offset.T, strict=True)
    pedals = _pedals(reference, SUSTAIN), _pedals(estimate, SUSTAIN).shifted(-offset_s)
    return circumstance_bands(
        *(
            PlacedNotes.of(side, held, *matched, knows_velocity=knows_velocity)
            for side, held, matched in zip((notes.reference, notes.estimate), pedals, rows, strict=True)
        )
    )


def _music(
    reference: Performance, estimate: Performance, offset_s: float, *, knows_velocity: bool
) -> dict[str, float | None]:
    both = (Durations.sounding, Durations.keys)
    measures = musical_measures(
        *(
            tuple(EventTable.of_notes(side, durations).shifted(by_s) for durations in both)
            for side, by_s in ((reference, 0.0), (estimate, -offset_s))
        )
    )
    return measures if knows_velocity else measures | {DYNAMICS: None}


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
