"""MusicXML: valid by its schema, and bars that sum up."""

from fractions import Fraction
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pianotrans.score.notation import musicxml
from pianotrans.score.pitch import Spelling
from tests.score.toys import Row, make_toy

LENGTHS = [
    Fraction(n, d)
    for n, d in [(1, 1), (1, 2), (3, 2), (1, 4), (3, 4), (2, 1), (1, 3), (2, 3), (1, 6), (1, 5), (3, 8)]
]
METERS = [(2, 4), (3, 4), (4, 4), (2, 2), (3, 8), (6, 8), (9, 8), (12, 8)]


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    text = (files("musicxml") / "generate_classes/musicxml_4_0.xsd").read_text(encoding="utf-8")
    for name, place in (("xml", "XML/xml.xsd"), ("xlink", "XLINK/xlink.xsd")):
        local = files("xmlschema") / "schemas" / place
        text = text.replace(f"http://www.musicxml.org/xsd/{name}.xsd", f"file://{local}")
    return etree.XMLSchema(etree.fromstring(text.encode()))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    found: list[Row] = []
    for staff, voice in ((1, 1), (1, 2), (2, 1)):
        now = Fraction(0)
        for length in draw(st.lists(st.sampled_from(LENGTHS), max_size=8)):
            spelling = Spelling(draw(st.sampled_from("CDEFGAB")), draw(st.integers(-1, 1)), draw(st.integers(2, 5)))
            found.append((now, length, staff, voice, spelling))
            now += length
    return found


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(METERS), rows(), st.integers(-7, 7))
def test_every_score_is_valid_sums_up_and_keeps_its_notes(schema: etree.XMLSchema, meter, rows, fifths):
    score = make_toy(meter, 12, rows, fifths=fifths)
    text = musicxml(score)
    schema.assertValid(etree.fromstring(text))
    root = ElementTree.fromstring(text)
    divisions = int(root.findtext(".//divisions") or 0)
    length = Fraction(4 * meter[0], meter[1])
    found: dict[str, list[Fraction]] = {}
    for n, measure in enumerate(root.iter("measure")):
        now = Fraction(0)
        for element in measure:
            if element.tag not in ("note", "backup", "forward"):
                continue
            duration = Fraction(int(element.findtext("duration") or 0), divisions)
            if element.tag == "backup":
                assert now == length
                now -= duration
                continue
            if "id" in element.attrib:
                first, _, part = element.attrib["id"].partition("-")
                found.setdefault(first, [n * length + now, Fraction(0)])[1] += duration
                assert bool(part) == (element.find("tie[@type='stop']") is not None)
            now += duration
        assert now == length
    assert found == {f"n{i}": [note.position, note.duration] for i, note in enumerate(score.notes)}


def test_without_beats_it_says_so_and_shows_no_time_signature():
    root = ElementTree.fromstring(musicxml(make_toy((4, 4), 1, [], is_found=False)))
    time = root.find(".//time")
    assert time is not None
    assert time.get("print-object") == "no"
    assert root.findtext(".//words") == "no beat found"
