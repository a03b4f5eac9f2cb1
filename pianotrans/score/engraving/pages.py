"""A score engraved by Verovio."""

import re
from dataclasses import dataclass

from pianotrans.errors import ScoreError
from pianotrans.extras import require
from pianotrans.score.notation import musicxml
from pianotrans.score.notation.voices import merge_unisons
from pianotrans.score.score import Score

_OPTIONS = {
    "pageWidth": 2100,  # tenths of a millimetre: A4
    "pageHeight": 2970,
    "scale": 80,  # staves of 5.8 mm
    "scaleToPageSize": True,
    "svgViewBox": True,
    "footer": "none",
    "breaks": "auto",
    "pageMarginLeft": 150,
    "pageMarginRight": 150,
    "pageMarginTop": 150,
    "pageMarginBottom": 150,
    "justifyVertically": True,
    "xmlIdSeed": 1,  # the same score gives the same pages
}
_NOTE = re.compile(r'id="n(\d+)((?:-\d+)?)"')


@dataclass(frozen=True, slots=True)
class EngravedNote:
    """A notehead: the `id` of its element on a page, which counts from 0, and the performed notes it stands for."""

    id: str
    page: int
    performed: tuple[int, ...]


@dataclass(frozen=True)
class Engraving:
    """Pages of A4 as SVG, and the notes on them in order of reading."""

    pages: tuple[str, ...]
    notes: tuple[EngravedNote, ...]


def engrave(score: Score) -> Engraving:
    """Engrave a score on as many pages as it takes; a page takes about 0.1 s.

    Raises ExtraError without the extra `score`, and ScoreError where the score cannot be engraved.
    """
    require("score")
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(_OPTIONS)
    if not toolkit.loadData(musicxml(score).decode()):
        raise ScoreError("score: Verovio cannot read its MusicXML. Write MusicXML instead, and report the score.")
    pages = tuple(toolkit.renderToSVG(number) for number in range(1, toolkit.getPageCount() + 1))
    performed = {note.performed[0]: note.performed for note in merge_unisons(score.notes)}
    notes = tuple(
        EngravedNote(f"n{first}{part}", i, performed[int(first)])
        for i, page in enumerate(pages)
        for first, part in _NOTE.findall(page)
    )
    return Engraving(pages, notes)
