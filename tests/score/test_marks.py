"""What stands in MusicXML besides plain notes: signatures, clefs, tuplets, grace notes, ornaments, marks."""

from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from pianotrans.score.engraving import engrave
from pianotrans.score.notation import musicxml
from pianotrans.score.pitch import Spelling
from pianotrans.score.score import Score, ScoreNote
from tests.score.toys import make_score_of

COMMON = ((4, 4), 0, None)
GRACE = Fraction(0)


def note(at: float | Fraction, length: float | Fraction, name: str = "C5", staff: int = 1, voice: int = 1, **marks):
    step, octave = name[0], int(name[-1])
    alter = name.count("#") - name.count("b")
    duration = Fraction(length)
    return ScoreNote(
        (0,), Fraction(at), duration, staff, voice, Spelling(step, alter, octave), is_grace=not duration, **marks
    )


def measures(score: Score) -> list[Element]:
    return list(ElementTree.fromstring(musicxml(score)).iter("measure"))


def all_of(score: Score, path: str) -> list[Element]:
    return [found for measure in measures(score) for found in measure.findall(path)]


def notes_of(score: Score) -> list[Element]:
    return [one for one in all_of(score, "note") if "id" in one.attrib]


def values(score: Score) -> list[tuple[str, int]]:
    """Type and number of dots of every note and rest of the first voice."""
    return [
        (str(one.findtext("type")), len(one.findall("dot")))
        for one in all_of(score, "note")
        if one.findtext("voice") == "1"
    ]


def test_a_pickup_is_number_0_and_ends_like_a_whole_bar():
    score = make_score_of([((4, 4), 0, Fraction(3, 2)), COMMON], [note(0, 0.5), note(0.5, 1), note(1.5, 4)])
    first, second = measures(score)
    assert (first.get("number"), first.get("implicit")) == ("0", "yes")
    assert (second.get("number"), second.get("implicit")) == ("1", None)
    assert values(score) == [("eighth", 0), ("quarter", 0), ("whole", 0)]


def test_key_and_time_signatures_stand_where_they_change():
    bars = [COMMON, ((4, 4), -3, None), ((6, 8), -3, None)]
    found = [
        (
            one.findtext("attributes/key/fifths"),
            one.findtext("attributes/time/beats"),
            one.findtext("attributes/time/beat-type"),
        )
        for one in measures(make_score_of(bars, []))
    ]
    assert found == [("0", "4", "4"), ("-3", None, None), (None, "6", "8")]


def test_a_bar_of_another_length_than_its_signature_is_implicit_and_sums_up():
    score = make_score_of([COMMON, ((4, 4), 0, Fraction(5, 2)), COMMON], [note(4, 2.5), note(6.5, 4)])
    assert [one.get("implicit") for one in measures(score)[1:]] == ["yes", None]
    divisions = int(all_of(score, "attributes/divisions")[0].text or 0)
    second = [one for one in measures(score)[1].findall("note") if one.findtext("voice") == "1"]
    assert sum(int(one.findtext("duration") or 0) for one in second) == divisions * Fraction(5, 2)
    assert [one.find("tie") is not None for one in second] == [True, True]


def test_one_grace_note_has_a_slash_and_several_have_beams():
    score = make_score_of(
        [COMMON], [note(0, GRACE, "D5"), note(0, 2), note(2, GRACE, "E5"), note(2, GRACE, "F5"), note(2, 2)]
    )
    graces = [one for one in notes_of(score) if one.find("grace") is not None]
    assert [one.find("grace").get("slash") for one in graces] == ["yes", None, None]  # type: ignore[union-attr]
    assert [one.findtext("type") for one in graces] == ["eighth", "16th", "16th"]
    assert [[beam.text for beam in one.findall("beam")] for one in graces] == [[], ["begin"] * 2, ["end"] * 2]
    assert [one.findtext("pitch/step") for one in notes_of(score)] == ["D", "C", "E", "F", "C"]


@pytest.mark.parametrize("position", [0, 1, 4])
def test_grace_notes_without_another_note_are_not_lost(position: int):
    score = make_score_of([COMMON], [note(position, GRACE, "D5")])
    assert [one.findtext("pitch/step") for one in notes_of(score)] == ["D"]


@pytest.mark.parametrize(
    ("ornament", "tag"),
    [
        ("trill", "trill-mark"),
        ("mordent", "mordent"),
        ("inverted mordent", "inverted-mordent"),
        ("turn", "turn"),
        ("tremolo", "tremolo"),
    ],
)
def test_ornaments_stand_at_the_first_of_tied_notes(ornament, tag):
    score = make_score_of([COMMON, COMMON], [note(0, 8, ornament=ornament)])
    assert [one.find(f"notations/ornaments/{tag}") is not None for one in notes_of(score)] == [True, False]


def test_all_notes_of_a_broken_chord_are_arpeggiated():
    chord = [note(0, 4, name, is_arpeggiated=True) for name in ("C4", "E4", "G4")]
    found = notes_of(make_score_of([COMMON], chord))
    assert [one.find("notations/arpeggiate") is not None for one in found] == [True] * 3
    assert [one.find("chord") is not None for one in found] == [False, True, True]


def test_pedal_marks_are_in_order_of_time_whatever_staff_they_stand_at():
    notes = [note(0, 2, staff=1), note(2, 2, staff=1), *(note(i, 1, "C3", staff=2) for i in range(4))]
    score = make_score_of([COMMON, COMMON], notes, pedals=[(0, 0.98), (1.02, 2), (3, 7.9)])
    divisions = int(all_of(score, "attributes/divisions")[0].text or 0)
    found = []
    for n, measure in enumerate(measures(score)):
        now = Fraction(4 * n)
        for one in measure:
            pedal = one.find("direction-type/pedal")
            if pedal is not None:
                found.append((pedal.get("type"), now))
            step = Fraction(int(one.findtext("duration") or 0), divisions) * (one.find("chord") is None)
            now += -step if one.tag == "backup" else step
        assert now == 4 * n + 4
    assert found == [("start", 0), ("stop", 1), ("start", 1), ("stop", 2), ("start", 3), ("stop", 8)]


def test_a_hand_that_stays_high_gets_another_clef_and_a_single_high_note_none():
    low, high = [note(i, 1, "C3", staff=2) for i in range(8)], [note(8 + i, 1, "E5", staff=2) for i in range(16)]
    clefs = [
        (measure.get("number"), clef.findtext("sign"), clef.get("number"))
        for measure in measures(make_score_of([COMMON] * 6, [*low, *high]))
        for clef in measure.findall("attributes/clef")
    ]
    assert clefs == [("1", "G", "1"), ("1", "F", "2"), ("3", "G", "2")]
    lonely = [*low[:7], note(7, 1, "E4", staff=2)]
    assert len(all_of(make_score_of([COMMON] * 2, lonely), "attributes/clef")) == 2


def test_dynamics_are_relative_and_stand_where_loudness_changes_for_long():
    notes = [note(i, 1) for i in range(64)]
    score = make_score_of([COMMON] * 16, notes, velocities=[40] * 32 + [88] * 32)
    found = [(m.get("number"), one[0].tag) for m in measures(score) for one in m.findall(".//dynamics")]
    assert [number for number, _ in found] == ["1", "9"]
    assert found[0][1] in ("pp", "p")
    assert found[1][1] in ("f", "ff")


def test_one_accent_changes_no_dynamics():
    score = make_score_of([COMMON] * 16, [note(i, 1) for i in range(64)], velocities=[60] * 32 + [110] + [60] * 31)
    assert len(all_of(score, ".//dynamics")) == 1


def test_tempo_marks_count_beats_of_the_time_signature():
    score = make_score_of([((6, 8), 0, None)] * 24, [], seconds=[2.0] * 12 + [1.0] * 12)
    found = [
        (m.get("number"), one.findtext("beat-unit"), len(one.findall("beat-unit-dot")), one.findtext("per-minute"))
        for m in measures(score)
        for one in m.findall(".//metronome")
    ]
    assert found == [("1", "quarter", 1, "60"), ("13", "quarter", 1, "120")]
    assert [one.get("tempo") for one in all_of(score, "direction/sound")] == ["90.00", "180.00"]


@pytest.mark.parametrize(
    ("signature", "n", "length", "ratio", "value"),
    [
        ((2, 4), 3, Fraction(1), ("3", "2"), "eighth"),
        ((2, 4), 5, Fraction(1), ("5", "4"), "16th"),
        ((2, 4), 6, Fraction(1), ("6", "4"), "16th"),
        ((2, 4), 7, Fraction(1), ("7", "4"), "16th"),
        ((6, 8), 2, Fraction(3, 2), ("2", "3"), "eighth"),
        ((6, 8), 4, Fraction(3, 2), ("4", "6"), "16th"),
    ],
)
def test_tuplets(signature, n, length, ratio, value):
    """Duplets and quadruplets of compound time are one kind of many: so many in place of so many."""
    score = make_score_of([(signature, 0, None)], [note(i * length / n, length / n) for i in range(n)])
    found = notes_of(score)
    assert [
        (one.findtext("time-modification/actual-notes"), one.findtext("time-modification/normal-notes"))
        for one in found
    ] == [ratio] * n
    assert [one.findtext("type") for one in found] == [value] * n
    assert [tuplet.get("type") for one in found for tuplet in one.findall("notations/tuplet")] == ["start", "stop"]


def test_accidentals_hold_to_the_end_of_the_bar_and_are_recalled_after_it():
    names = ["F#5", "F#5", "F5", "F#4", "F5"]
    score = make_score_of([COMMON, COMMON], [note(i, 1, name) for i, name in enumerate(names)])
    signs = [one.find("accidental") for one in notes_of(score)]
    assert [None if one is None else one.text for one in signs] == ["sharp", None, "natural", "sharp", None]


def test_two_voices_have_stems_apart_only_where_both_sound():
    score = make_score_of(
        [COMMON], [note(0, 2, "E5"), note(2, 2, "E5"), note(0, 1, "C5", voice=2), note(1, 1, "C5", voice=2)]
    )
    assert [(one.findtext("voice"), one.findtext("stem")) for one in notes_of(score)] == [
        ("1", "up"),
        ("1", None),
        ("2", "down"),
        ("2", "down"),
    ]


def test_a_score_without_notes_is_one_of_rests():
    score = make_score_of([COMMON] * 2, [])
    assert [one.find("rest").get("measure") for one in all_of(score, "note")] == ["yes"] * 4  # type: ignore[union-attr]


def test_notes_that_would_stand_on_each_other_are_one():
    score = make_score_of([COMMON], [note(0, 4), note(0, 4), note(0, 4, voice=2), note(0, 4, staff=2)])
    assert [one.get("id") for one in notes_of(score)] == ["n0", "n2", "n3"]
    assert [one.performed for one in engrave(score).notes] == [(0, 1), (2,), (3,)]
