"""Note by note: hand, spelling, position in the bar and notated duration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.score.truth import TrueNote
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import Note, Performance
from pianotrans.score.score import Measure, Score, ScoreNote

SAME_LENGTH = Fraction(1, 24)  # of a quarter note; triplets of sixteenths differ from sixteenths by twice as much
_SAME_ONSET_S = 0.05

NotePair = tuple[TrueNote, ScoreNote]


@dataclass(frozen=True, slots=True)
class NoteScores:
    """Shares of the notes that stand in both scores, 0 … 1; None where no such note has a truth.

    `staff`: on the right staff. `spelling`: letter, sign and octave right. `position`: the right place in the bar,
    as a fraction of the bar, so that 2/4 instead of 4/4 or double note values can be right; `position_quarters`:
    in quarter notes from the barline. `duration`: the right notated duration in quarter notes. All three within
    1/24 of a quarter note; `position` scales with the bars. Grace notes have no duration, and stand where their
    main note does. `grace`: F1 of the grace notes among these notes.
    """

    staff: float | None
    spelling: float | None
    position: float | None
    position_quarters: float | None
    duration: float | None
    grace: float | None


def pair_by_index(truth: Mapping[int, TrueNote], score: Score) -> tuple[NotePair, ...]:
    """The note of the score in which each performed note is written, for a score of the same performance.

    `truth` has true notes by their index in the performance. A trill is one written note, and counts once.
    """
    pairs = []
    for written in score.notes:
        known = [truth[i] for i in written.performed if i in truth]
        if known:
            pairs.append((known[0], written))
    return tuple(pairs)


def pair_by_onset(truth: Sequence[TrueNote], score: Score) -> tuple[NotePair, ...]:
    """The same for a score of another performance at the same times: same key, onsets within 50 ms."""
    reference = sorted(truth, key=lambda note: (note.key, note.onset_s))
    performed = [(score.performance.notes[note.performed[0]], note) for note in score.notes]
    estimate = sorted(performed, key=lambda pair: (pair[0].key, pair[0].onset_s))
    matched = match_events(
        _table((note.key, note.onset_s) for note in reference),
        _table((played.key, played.onset_s) for played, _ in estimate),
        onset_tolerance_s=_SAME_ONSET_S,
    )
    return tuple((reference[i], estimate[j][1]) for i, j in matched.tolist())


def _table(events: Iterable[tuple[int, float]]) -> EventTable:
    notes = tuple(Note(onset_s, onset_s + 0.1, key, 64) for key, onset_s in events)
    return EventTable.of_notes(Performance(notes))


def score_notes(pairs: Sequence[NotePair], measures: Sequence[Measure]) -> NoteScores:
    """Compare the notes of each pair; `measures` are those of the estimated score."""
    plain = [(true, written) for true, written in pairs if not true.is_grace]
    placed = [(true, written) for true, written in plain if true.in_bar is not None]
    places = _places_in_bars([written.position for _, written in placed], measures)
    positions = list(zip(placed, places, strict=True))
    return NoteScores(
        staff=_share(true.staff == written.staff for true, written in pairs if true.staff is not None),
        spelling=_share(true.spelling == written.spelling.name for true, written in pairs if true.spelling),
        position=_share(
            not written.is_grace and _is_same_place(true, in_bar, length)
            for (true, written), (in_bar, length) in positions
        ),
        position_quarters=_share(
            not written.is_grace and true.in_bar is not None and abs(true.in_bar - in_bar) <= SAME_LENGTH
            for (true, written), (in_bar, _) in positions
        ),
        duration=_share(
            not written.is_grace and abs(true.duration - written.duration) <= SAME_LENGTH for true, written in plain
        ),
        grace=_f1([true.is_grace for true, _ in pairs], [written.is_grace for _, written in pairs]),
    )


def _is_same_place(true: TrueNote, in_bar: Fraction, length: Fraction) -> bool:
    """Whether a position is the same part of its bar; the end of a bar is the beginning of the next."""
    assert true.in_bar is not None
    apart = abs(true.in_bar / true.bar_length - in_bar / length)
    return min(apart, 1 - apart) * min(true.bar_length, length) <= SAME_LENGTH


def _places_in_bars(positions: Sequence[Fraction], measures: Sequence[Measure]) -> list[tuple[Fraction, Fraction]]:
    """For each position, how far it is behind its barline and how long that bar is by its time signature.

    A pickup is the end of a bar.
    """
    starts = np.array([float(measure.position) for measure in measures])
    found = []
    for position in positions:
        place = int(np.searchsorted(starts, float(position) + 1e-9, side="right")) - 1
        measure = measures[max(place, 0)]
        whole = Fraction(4 * measure.time_signature.numerator, measure.time_signature.denominator)
        missing = whole - measure.length if measure.number == 0 else Fraction(0)
        found.append((position - measure.position + missing, whole))
    return found


def _share(right: Iterable[bool]) -> float | None:
    values = list(right)
    return sum(values) / len(values) if values else None


def _f1(reference: Sequence[bool], estimate: Sequence[bool]) -> float | None:
    """None where neither side has any."""
    both = sum(a and b for a, b in zip(reference, estimate, strict=True))
    n_all = sum(reference) + sum(estimate)
    return 2 * both / n_all if n_all else None
