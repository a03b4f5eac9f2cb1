"""From a score to pages: SVG by Verovio, PDF by Typst."""

from pianotrans.score.engraving.pages import EngravedNote, Engraving, engrave
from pianotrans.score.engraving.printing import one_svg, pdf

__all__ = ["EngravedNote", "Engraving", "engrave", "one_svg", "pdf"]
