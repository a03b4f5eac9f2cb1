"""Reading MusicXML, from good files and from bad ones."""

import io
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest

from pianotrans.errors import EvaluationError
from pianotrans.evaluation.score.legibility import Legibility, count_signs
from pianotrans.evaluation.score.musicxml import LARGEST_BYTES, parse_musicxml, read_musicxml

from .making import PAGE

SCORE = parse_musicxml(PAGE.encode())
CONTAINER = '<container><rootfiles><rootfile full-path="a/score.xml"/></rootfiles></container>'


def packed(**files: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()


def test_measures():
    assert [(one.number, one.position, one.length) for one in SCORE.measures] == [
        ("0", 0, 1),
        ("1", 1, 3),
        ("2", 4, 3),
    ]
    assert [one.is_complete for one in SCORE.measures] == [False, True, True]
    assert {(one.time_signature, one.fifths, one.mode) for one in SCORE.measures} == {((3, 4), 1, "major")}


def test_notes():
    found = [
        (one.measure, one.position, one.duration, one.spelling.name, one.staff, one.voice) for one in SCORE.notes
    ]
    third = Fraction(1, 3)
    assert found == [
        (0, 0, 1, "D5", 1, "1"),
        (1, 1, 0, "A5", 1, "1"),
        (1, 1, 1, "G5", 1, "1"),
        (1, 3, third, "F#5", 1, "1"),
        (1, 3 + third, third, "G5", 1, "1"),
        (1, 3 + 2 * third, third, "A5", 1, "1"),
        (1, 1, 3, "G3", 2, "5"),
        (1, 1, 3, "B3", 2, "5"),
        (2, 4, 2, "G3", 2, "5"),
    ]
    assert [one.spelling.name for one in SCORE.notes if one.is_grace] == ["A5"]
    assert [one.tuplet for one in SCORE.notes if one.tuplet] == [(3, 2)] * 3
    assert [(one.tied_on, one.tied_from) for one in SCORE.notes[6:]] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_tied_notes_are_one():
    joined = SCORE.joined_notes()
    assert len(joined) == len(SCORE.notes) - 1
    assert next(one.duration for one in joined if one.spelling.name == "G3") == 5


def test_hidden_rests_are_no_rests():
    assert [(one.measure, one.position, one.duration) for one in SCORE.rests] == [(1, 2, 1)]


def test_signs_per_bar():
    # Three bars: nine note heads, a tie, a triplet, voices in 1, 2 and 1 of them, a sharp, a rest.
    assert count_signs(SCORE) == Legibility(9 / 3, 1 / 3, 1 / 3, 4 / 3, 1 / 3, 1 / 3)
    assert count_signs(parse_musicxml(b"<score-partwise/>")) is None


def test_a_compressed_file():
    assert parse_musicxml(packed(**{"META-INF/container.xml": CONTAINER, "a/score.xml": PAGE})) == SCORE


def test_in_utf_16():
    assert parse_musicxml(PAGE.replace("UTF-8", "UTF-16").encode("utf-16")) == SCORE


def test_staves_of_two_parts_count_on():
    part = PAGE[PAGE.index("<part id") : PAGE.index("</score-partwise>")]
    found = parse_musicxml(PAGE.replace("</score-partwise>", f"{part}</score-partwise>").encode())
    assert {one.staff for one in found.notes} == {1, 2, 3, 4}
    assert len(found.measures) == 3


def test_a_composite_meter():
    found = parse_musicxml(PAGE.replace("<beats>3<", "<beats>3+2<").replace("-type>4<", "-type>8<").encode())
    assert found.measures[0].time_signature == (5, 8)


def entities(declaration: str, reference: str) -> str:
    return f"<!DOCTYPE score-partwise [{declaration}]><score-partwise>{reference}</score-partwise>"


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
BAD = {
    "nothing": (b"", "XML"),
    "text": (b"no score", "XML"),
    "cut": (PAGE[:900].encode(), "XML"),
    "another document": (b"<html/>", "<html>"),
    "by time": (b"<score-timewise/>", "<score-timewise>"),
    "laughs": (entities(LAUGHS, "&i;").encode(), "entities"),
    "a file of this machine": (entities('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;").encode(), "entities"),
    "parameters": (entities('<!ENTITY % x SYSTEM "http://localhost/x">%x;', "").encode(), "entities"),
    "deep": (b"<a>" * 5000, "deeply"),
    "no length": (PAGE.replace("<duration>18<", "<duration>long<").encode(), "value"),
    "endless": (PAGE.replace("<duration>18<", "<duration>inf<").encode(), "value"),
    "no divisions": (PAGE.replace("<divisions>6<", "<divisions>0<").encode(), "value"),
    "no time": (PAGE.replace("-type>4<", "-type>0<").encode(), "value"),
    "an empty archive": (packed(), "container.xml"),
    "no container": (packed(a="b"), "container.xml"),
    "an empty container": (packed(**{"META-INF/container.xml": "<container/>"}), "container"),
    "a missing score": (packed(**{"META-INF/container.xml": CONTAINER}), "a/score.xml"),
    "a broken archive": (packed(a=PAGE)[:-30], "unpacked"),
    "a bomb": (
        packed(**{"META-INF/container.xml": CONTAINER, "a/score.xml": b" " * (LARGEST_BYTES + 1)}),
        "unpacks to more",
    ),
}


@pytest.mark.parametrize(("data", "said"), BAD.values(), ids=BAD)
def test_bad_files_give_one_line(data: bytes, said: str):
    with pytest.raises(EvaluationError, match=f"(?s)^take.mxl: .*{said}") as caught:
        parse_musicxml(data, "take.mxl")
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path: Path):
    with pytest.raises(EvaluationError, match=r"none\.mxl: cannot be read"):
        read_musicxml(tmp_path / "none.mxl")


@pytest.mark.shared
def test_the_bars_of_a_true_score_sum_up(shared: Path):
    score = read_musicxml(shared / "asap/scores/Bach__Prelude__bwv_862.mxl")
    assert len(score.measures) == 44
    assert all(one.is_complete for one in score.measures)
    assert {one.staff for one in score.notes} == {1, 2}


@pytest.mark.shared
@pytest.mark.slow
def test_note_heads_are_those_that_music21_reads(shared: Path):
    music21 = pytest.importorskip("music21")
    path = shared / "asap/scores/Bach__Fugue__bwv_846.mxl"
    found = sorted((one.position, one.spelling.key) for one in read_musicxml(path).notes)
    stream = music21.converter.parse(path)
    wanted = sorted(
        (Fraction(note.getOffsetInHierarchy(stream)).limit_denominator(96), pitch.midi)
        for note in stream.recurse().notes
        if not note.style.hideObjectOnPrint
        for pitch in note.pitches
    )
    assert found == wanted
