"""Pages: every written note is on one, and all pages are in the PDF."""

from fractions import Fraction

import pypdfium2
import pytest
from lxml import etree

from pianotrans import extras
from pianotrans.errors import ExtraError
from pianotrans.score.engraving import engrave, one_svg, pdf
from pianotrans.score.pitch import Spelling
from tests.score.toys import make_toy


def test_every_note_is_on_a_page_and_the_title_in_the_pdf():
    rows = [(Fraction(n), Fraction(1), 1, 1, Spelling("C", 0, 5)) for n in range(400)]
    engraving = engrave(make_toy((4, 4), 100, rows))
    assert [note.id for note in engraving.notes] == [f"n{i}" for i in range(400)]
    assert len(engraving.pages) > 1
    document = pypdfium2.PdfDocument(pdf(engraving.pages))
    assert len(document) == len(engraving.pages)
    assert "Toy" in document[0].get_textpage().get_text_range()


def test_one_svg_holds_all_pages_and_every_id_once():
    rows = [(Fraction(n), Fraction(1), 1, 1, Spelling("C", 0, 5)) for n in range(400)]
    engraving = engrave(make_toy((4, 4), 100, rows))
    root = etree.fromstring(one_svg(engraving.pages).encode(), etree.XMLParser(huge_tree=True))
    pages = [float(page.get("y")) for page in root]
    assert pages == [297.0 * n for n in range(len(engraving.pages))]
    assert root.get("viewBox") == f"0 0 210 {297 * len(pages)}"
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert {note.id for note in engraving.notes} <= set(ids)
    link = "{http://www.w3.org/1999/xlink}href"
    assert {one.get(link)[1:] for one in root.iter() if one.get(link)} <= set(ids)


def test_a_score_gives_the_same_pages_every_time():
    score = make_toy((4, 4), 1, [(Fraction(0), Fraction(1), 1, 1, Spelling("C", 0, 5))])
    assert engrave(score) == engrave(score)


def test_a_clef_of_the_next_bar_stands_behind_all_notes_of_this_one():
    """Also where a second voice ends early."""
    low = [(Fraction(n), Fraction(1), 2, 1, Spelling("A", 0, 3)) for n in range(4)]
    high = [(Fraction(n), Fraction(1), 2, 1, Spelling("C", 0, 6)) for n in range(4, 8)]
    second = (Fraction(0), Fraction(1), 2, 2, Spelling("C", 0, 3))
    engraving = engrave(make_toy((4, 4), 2, [second, *low, *high]))
    root = etree.fromstring(engraving.pages[0].encode())
    measure = root.find(".//{*}g[@class='measure']")
    assert max(lefts(measure, "clef")) > max(lefts(measure, "note"))


def lefts(measure: etree._Element, kind: str) -> list[float]:
    """The left edges of all symbols of one kind."""
    symbols = measure.iterfind(f".//{{*}}g[@class='{kind}']//{{*}}use")
    return [float(symbol.get("transform").removeprefix("translate(").split(",")[0]) for symbol in symbols]


def test_without_verovio_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "verovio" else name)
    with pytest.raises(ExtraError, match=r"verovio: not installed.*pip install .*\[score\]"):
        engrave(make_toy((4, 4), 1, []))
