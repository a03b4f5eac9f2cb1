"""What the alignment says of each note."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pianotrans.datasets.alignments import AlignedNote, match_notes, read_alignment
from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import BeatAnnotation, TimeSignatureChange
from pianotrans.evaluation.score.truth import true_notes

from .making import aligned, annotation


def beats(numerator: int, denominator: int) -> BeatAnnotation:
    return replace(annotation(), time_signatures=(TimeSignatureChange(0.0, numerator, denominator),))


def note(bar: int, beat: int, after: str, duration: str, onset_beats: float, length_beats: float) -> AlignedNote:
    places = (Fraction(after), Fraction(duration), onset_beats, onset_beats + length_beats)
    return AlignedNote(1.0 + onset_beats, 60, bar, beat, *places, 1, "1", "C4", frozenset())


def test_a_pickup_is_the_end_of_a_bar():
    found = true_notes(aligned(), annotation())
    assert [one.in_bar for one in found[:4]] == [2, 0, 0, 1]
    assert {one.bar_length for one in found} == {3}
    assert [one.position for one in found[:4]] == [-1, 0, 0, 1]
    assert found[1].duration == 3


def test_beats_may_be_counted_otherwise_than_onsets():
    # 6/8: onsets in eighths, the place in the bar in quarters, as some scores have it.
    rows = [
        note(1, 1, "0", "1/8", 0, 1),
        note(1, 2, "1/8", "1/8", 3, 1),
        note(1, 3, "0", "1/4", 4, 2),
        note(2, 1, "0", "3/8", 6, 3),
    ]
    found = true_notes(rows, beats(6, 8))
    assert [one.in_bar for one in found] == [0, Fraction(3, 2), 2, 0]
    assert [one.position for one in found] == [0, Fraction(3, 2), 2, 3]
    assert {one.bar_length for one in found} == {3}


def test_units_change_with_the_signature():
    rows = [
        note(1, 1, "0", "1/4", 0, 1),
        note(1, 2, "0", "1/4", 1, 1),
        note(2, 1, "0", "1/8", 2, 1),
        note(2, 2, "0", "1/8", 3, 1),
        note(2, 3, "0", "1/8", 4, 1),
        note(3, 1, "0", "1/8", 5, 1),
    ]
    two = (TimeSignatureChange(0.0, 2, 4), TimeSignatureChange(3.0, 3, 8))
    found = true_notes(rows, replace(annotation(), time_signatures=two))
    assert [one.position for one in found] == [0, 1, 2, Fraction(5, 2), 3, Fraction(7, 2)]
    assert [one.in_bar for one in found] == [0, 1, 0, Fraction(1, 2), 1, 0]


def test_incomplete_bars_have_no_positions():
    rows = [
        note(1, 1, "0", "1/4", 0, 1),
        note(1, 2, "0", "1/4", 1, 1),
        note(1, 3, "0", "1/4", 2, 1),
        note(2, 1, "0", "1/4", 3, 1),  # a bar of one beat, before a repeat
        note(1, 1, "0", "1/4", 4, 1),
        note(1, 2, "0", "1/4", 5, 1),
    ]
    assert [one.in_bar for one in true_notes(rows, beats(3, 4))] == [0, 1, 2, None, 0, 1]


def test_grace_notes_take_no_time():
    grace = replace(aligned()[1], marks=frozenset({"grace"}))
    assert true_notes([grace], annotation())[0].duration == 0


def test_nothing_is_aligned():
    assert true_notes([], annotation()) == ()


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["Liszt__Concert_Etude_S145__2__Tario06M", "Schubert__Piano_Sonatas__664-3__KabuliL12M"]
)
def test_bars_begin_at_annotated_downbeats(name: str, shared: Path):
    root = shared / "asap"
    piece = next(one for one in list_asap(root) if one.name == name)
    played = piece.load()
    matched = match_notes(played, read_alignment(root / "alignment" / f"{name}.tsv.gz"))
    notes = true_notes(list(matched.values()), piece.beats)
    first_s = [one.onset_s for one in notes if one.in_bar == 0 and not one.is_grace]
    near = [np.min(np.abs(piece.beats.downbeats_s - time_s)) < 0.1 for time_s in first_s]
    assert np.mean(near) > 0.95
    assert np.mean([one.in_bar is not None for one in notes]) > 0.98
