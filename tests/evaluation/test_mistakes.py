"""Every unmatched note is one mistake, of the kind that the rule names."""

import pytest
from hypothesis import given

from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.mistakes import MistakeKind, count_kinds, find_mistakes
from pianotrans.evaluation.tables import EventTable
from tests.events.strategies import fewer, performances

from .making import note, table


def mistakes(reference: EventTable, estimate: EventTable):
    pairs = match_events(reference, estimate, onset_tolerance_s=0.05)
    return find_mistakes(reference, estimate, pairs, onset_tolerance_s=0.05)


def kinds(reference: EventTable, estimate: EventTable) -> list[tuple[str, bool]]:
    return [(str(one.kind), one.is_reference) for one in mistakes(reference, estimate)]


LONG = note(1.0, 3.0)


@pytest.mark.parametrize(
    ("reference", "estimate", "expected"),
    [
        ((), (), []),
        ((LONG,), (LONG,), []),
        ((LONG,), (), [("missed", True)]),
        ((), (LONG,), [("extra", False)]),
        ((LONG,), (note(1.2, 3.0),), [("missed", True), ("extra", False)]),
        ((LONG,), (note(1.0, 1.9), note(2.0, 3.0)), [("split", False)]),
        ((LONG,), (note(1.0, 1.9), note(2.0, 2.4), note(2.5, 3.0)), [("split", False), ("split", False)]),
        ((note(1.0, 1.9), note(2.0, 3.0)), (LONG,), [("merged", True)]),
        ((LONG,), (LONG, note(2.96, 4.0)), [("extra", False)]),  # struck again within the tolerance of its end
        ((LONG,), (LONG, note(2.0, 3.0, key=61)), [("extra", False)]),
        ((LONG,), (note(1.01, 3.0, key=72),), [("octave", True), ("octave", False)]),
        ((LONG,), (note(1.01, 3.0, key=48),), [("octave", True), ("octave", False)]),
        ((LONG,), (note(1.01, 3.0, key=84),), [("missed", True), ("extra", False)]),  # two octaves
        ((LONG,), (note(1.1, 3.0, key=72),), [("missed", True), ("extra", False)]),  # too late
        ((LONG,), (LONG, note(1.0, 3.0, key=72)), [("extra", False)]),  # the true note was found
    ],
)
def test_kinds(reference, estimate, expected):
    assert kinds(table(*reference), table(*estimate)) == expected


def test_a_mistake_names_both_notes():
    (split,) = mistakes(table(LONG), table(note(1.0, 1.9), note(2.0, 3.0, velocity=33)))
    assert (split.note.onset_s, split.note.velocity, split.other.onset_s) == (2.0, 33, 1.0)
    (missed,) = mistakes(table(LONG), table())
    assert (missed.note.key, missed.note.offset_s, missed.other) == (60, 3.0, None)
    octave = mistakes(table(LONG), table(note(1.0, 3.0, key=72)))
    assert [(one.note.key, one.other.key) for one in octave] == [(60, 72), (72, 60)]


def test_an_octave_error_takes_one_note_of_each_side():
    reference, estimate = table(note(1, 2, key=60)), table(note(1, 2, key=48), note(1, 2, key=72))
    found = mistakes(reference, estimate)
    assert [(str(one.kind), one.note.key) for one in found] == [("extra", 48), ("octave", 60), ("octave", 72)]
    assert count_kinds(found) == {"missed": 0, "merged": 0, "extra": 1, "split": 0, "octave": 1}


@fewer
@given(performances, performances)
def test_every_unmatched_note_is_one_mistake(played, transcribed):
    reference, estimate = EventTable.of_notes(played), EventTable.of_notes(transcribed)
    pairs = match_events(reference, estimate, onset_tolerance_s=0.05)
    found = find_mistakes(reference, estimate, pairs, onset_tolerance_s=0.05)
    assert sum(one.is_reference for one in found) == len(reference) - len(pairs)
    assert sum(not one.is_reference for one in found) == len(estimate) - len(pairs)
    for one in found:
        assert one.is_reference or one.kind in (MistakeKind.EXTRA, MistakeKind.SPLIT, MistakeKind.OCTAVE)
        assert not one.is_reference or one.kind in (MistakeKind.MISSED, MistakeKind.MERGED, MistakeKind.OCTAVE)
        assert (one.other is None) == (one.kind in (MistakeKind.MISSED, MistakeKind.EXTRA))
    assert [one.note.onset_s for one in found] == sorted(one.note.onset_s for one in found)
