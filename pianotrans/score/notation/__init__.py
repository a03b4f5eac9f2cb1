"""From a score to MusicXML: measures, voices, values, beams, accidentals, marks."""

from pianotrans.score.notation.document import musicxml

__all__ = ["musicxml"]
