"""A small score, and a page of it in the form that Verovio draws, for tests of the report."""

from dataclasses import dataclass
from fractions import Fraction

from pianotrans.errors import ExtraError
from pianotrans.events import Note, Performance
from pianotrans.score.bars import lay_out_bars
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.score import Measure, Score, ScoreNote

N_BARS, BAR_S, STAFF_WIDTH = 4, 2.0, 4000


@dataclass(frozen=True)
class EngravedScore(Score):
    """A score whose pages are known."""

    pages: tuple[str, ...] | None = ()

    def to_svg(self) -> tuple[str, ...]:
        if self.pages is None:
            raise ExtraError("verovio: not installed. Run: python -m pip install 'pianotrans[score]'")
        return self.pages


def page(*measures: str, glyph: str = "E0A4-abc", extra: str = "") -> str:
    """A page of one system with these measures."""
    return f"""<svg viewBox="0 0 2100 493" version="1.1" xmlns="http://www.w3.org/2000/svg" id="abc">
   <desc>Engraved</desc>
   <defs><g id="{glyph}"><path transform="scale(1,-1)" d="M0 -39c0 68 73 172 200 172z" /></g></defs>
   <style type="text/css">#abc g.tempo {{font-weight:bold;}}</style>
   <svg class="definition-scale" color="black" font-family="Times, serif" viewBox="0 0 21000 4930">
      <g class="page-margin" transform="translate(500, 500)">{extra}<g id="s1" class="system">
         <g id="p1" class="section placeholder"><ellipse cx="0" cy="0" rx="90" ry="90" /></g>
         {"".join(measures)}
      </g></g></svg></svg>"""


def measure(i: int, *ids: str) -> str:
    """The bar `i` of its system, with notes side by side on the upper staff."""
    left, right = STAFF_WIDTH * i, STAFF_WIDTH * (i + 1)
    staves = [
        "".join(
            f'<path d="M{left} {top + 180 * k} L{right} {top + 180 * k}" stroke-width="13" />' for k in range(5)
        )
        for top in (872, 2672)
    ]
    notes = "".join(
        f'<g id="{name}" class="note"><g class="notehead">'
        f'<use href="#E0A4-abc" transform="translate({left + 600 + 900 * k}, 1142) scale(0.72, 0.72)" /></g></g>'
        for k, name in enumerate(ids)
    )
    return (
        f'<g id="m{i}" class="measure"><g id="a{i}" class="staff">{staves[0]}<g class="layer">{notes}</g></g>'
        f'<g id="b{i}" class="staff">{staves[1]}</g></g>'
    )


def small_score(*, is_found: bool = True, pages: tuple[str, ...] | None = None) -> EngravedScore:
    """Four bars of 2/4, E flat and C in turn, right and left, each half a second; the third bar is doubtful, and so
    are the notes from 3 on.

    Notes 2 and 3 are one trill on F, whose second note is G flat.
    """
    keys = [63, 48, 65, 66, 63, 48, 63, 48, 63, 48]
    notes = [
        Note(0.8 * i, 0.8 * i + 0.5, key, 127 if i % 2 else 1, onset_confidence=1.0 if i < 3 else 0.6)
        for i, key in enumerate(keys)
    ]
    performance = Performance(tuple(notes), (), 9.0)
    sureness = 0.9 if is_found else 0.2
    beats = tuple(Beat(i, i // 2 + 1, i % 2, 2, sureness, 0.3 if i == 4 else sureness) for i in range(2 * N_BARS))
    grid = BeatGrid(beats)
    bars = lay_out_bars(grid, notes[0].onset_s, notes[-1].onset_s)
    meter, key = TimeSignature(2, 4), KeySignature(-3, "major")
    measures = tuple(
        Measure(
            bar.number,
            Fraction(bar.first_beat),
            Fraction(bar.n_beats),
            meter,
            key,
            float(bars.beats_s[bar.first_beat]),
            float(bars.beats_s[bar.first_beat + bar.n_beats]),
            float(bars.downbeat_confidence[bar.first_beat]),
        )
        for bar in bars.bars
    )
    written = [(0,), (1,), (2, 3), (4,), (5,), (6,), (7,), (8,), (9,)]
    names = {63: Spelling("E", -1, 4), 48: Spelling("C", 0, 3), 65: Spelling("F", 0, 4)}
    score_notes = tuple(
        ScoreNote(
            played,
            Fraction(round(2 * (notes[played[0]].onset_s)), 2),
            Fraction(1, 2),
            2 if keys[played[0]] == 48 else 1,
            1,
            names[keys[played[0]]],
        )
        for played in written
    )
    return EngravedScore(performance, grid, bars, measures, score_notes, "small", pages)
