"""Which notes need an accidental in front of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from pianotrans.score.notation.elements import Written
from pianotrans.score.pitch import Spelling
from pianotrans.score.score import ScoreNote

SharpsFlats = dict[tuple[int, Fraction], bool]
"""Noteheads that get one, by their first performed note and position: whether it is only a courtesy."""

_Line = tuple[str, int]  # step and octave
_FIFTHS = "FCGDAEB"


@dataclass
class StaffPitches:
    """What the reader of one staff has in mind, from measure to measure."""

    before: dict[_Line, int] = field(default_factory=dict)

    def read(self, voices: Iterable[list[Written]], fifths: int) -> SharpsFlats:
        """The accidentals of the next measure, whose key signature has so many sharps.

        An accidental holds to the end of the measure, in its octave. A note tied to the one before needs none. A
        courtesy accidental reminds of the key after another pitch of this line in the measure before, or of this
        step in another octave.
        """
        shown: SharpsFlats = {}
        now: dict[_Line, int] = {}
        heard: dict[_Line, int] = {}
        for note, start, is_tied in _heads(voices):
            line = (note.spelling.step, note.spelling.octave)
            alter = note.spelling.alter
            if not is_tied:
                place = (note.performed[0], start)
                if alter != now.get(line, _alter_in_key(line[0], fifths)):
                    shown[place] = False
                elif line not in now and self._surprises(note.spelling, heard):
                    shown[place] = True
                now[line] = alter
            heard[line] = alter
        self.before = heard
        return shown

    def _surprises(self, spelling: Spelling, heard: dict[_Line, int]) -> bool:
        """Whether a reader might still have another alteration of this step in mind."""
        others = [alter for (step, _), alter in heard.items() if step == spelling.step]
        others.append(self.before.get((spelling.step, spelling.octave), spelling.alter))
        return any(alter != spelling.alter for alter in others)


def _alter_in_key(step: str, fifths: int) -> int:
    """By how many semitones a key signature raises a step."""
    return (fifths + 6 - _FIFTHS.index(step)) // 7


def _heads(voices: Iterable[list[Written]]) -> list[tuple[ScoreNote, Fraction, bool]]:
    """All noteheads of a staff in order of reading: with their position, and whether they are tied back."""
    heads = []
    for voice in voices:
        for written in voice:
            graces = [(note, i) for i, chord in enumerate(written.graces) for note in chord]
            heads += [((written.start, i - len(graces), note.spelling.key), note, False) for note, i in graces]
            heads += [((written.start, 0, n.spelling.key), n, written.is_tied_back) for n in written.notes]
    return [(note, order[0], is_tied) for order, note, is_tied in sorted(heads, key=lambda head: head[0])]
