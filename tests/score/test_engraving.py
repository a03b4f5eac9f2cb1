"""Pages: every written note is on one, and all pages are in the PDF."""

from fractions import Fraction

import pypdfium2

from pianotrans.score.engraving import engrave, pdf
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
