"""The XML of notes and rests."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from pianotrans.score.notation.accidentals import SharpsFlats
from pianotrans.score.notation.beams import Stroke, beam_groups, beam_strokes
from pianotrans.score.notation.elements import Written
from pianotrans.score.notation.tuplets import Tuplet
from pianotrans.score.notation.values import NoteValue
from pianotrans.score.rhythm.positions import Ornament
from pianotrans.score.score import Measure, ScoreNote

_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_ORNAMENTS: dict[Ornament, str] = {
    "trill": "trill-mark",
    "mordent": "mordent",
    "inverted mordent": "inverted-mordent",
    "turn": "turn",
    "tremolo": "tremolo",
}
_GRACE, _GRACES = NoteValue("eighth", 0, 1), NoteValue("16th", 0, 2)


@dataclass
class NoteIds:
    """Names each written note by the first note it was performed as: n12, and n12-2 for what is tied to it."""

    parts: Counter[int] = field(default_factory=Counter)

    def next(self, note: ScoreNote) -> str:
        """The name of the next part of a note."""
        performed = note.performed[0]
        self.parts[performed] += 1
        part = self.parts[performed]
        return f"n{performed}" if part == 1 else f"n{performed}-{part}"


@dataclass(frozen=True)
class VoiceWriter:
    """Writes the notes of one voice in one measure. `stem` is a direction for places where two voices sound."""

    measure: Measure
    staff: int
    voice: int
    voice_number: int
    written: list[Written]
    others: list[Written]
    accidentals: SharpsFlats
    divisions: int
    ids: NoteIds

    def write(self) -> Iterator[tuple[Fraction, list[Element]]]:
        """For every element of the voice its position and its XML."""
        strokes, stems = self._beams()
        brackets = self._brackets()
        for i, one in enumerate(self.written):
            graces = list(self._graces(one))
            yield one.start, graces + self._elements(i, one, strokes.get(i, []), stems.get(i), brackets)

    def _elements(
        self, i: int, one: Written, strokes: list[Stroke], stem: str | None, brackets: dict[Tuplet, bool]
    ) -> list[Element]:
        if one.start == one.end:
            return []
        if one.is_hidden and not one.value:
            forward = Element("forward")
            self._add(forward, "duration", self._duration(one))
            self._add(forward, "voice", self.voice_number)
            self._add(forward, "staff", self.staff)
            return [forward]
        if not one.notes:
            # Verovio drops a last <forward>, and then draws the clef of the next measure too early
            rest = Element("note", {"print-object": "no"} if one.is_hidden else {})
            SubElement(rest, "rest", {} if one.value else {"measure": "yes"})
            self._add(rest, "duration", self._duration(one))
            self._describe(rest, one.value, one.tuplet, None)
            self._notations(rest, i, one, None, brackets)
            return [rest]
        elements = []
        for j, note in enumerate(one.notes):
            element = self._head(note, is_chord=j > 0)
            self._add(element, "duration", self._duration(one))
            for kind, is_tied in (("stop", one.is_tied_back), ("start", one.is_tied_on)):
                if is_tied:
                    SubElement(element, "tie", {"type": kind})
            sign = self.accidentals.get((note.performed[0], one.start))
            self._describe(element, one.value, one.tuplet, stem, note, sign)
            if j == 0:
                self._add_beams(element, strokes)
            self._notations(element, i, one, note, brackets)
            elements.append(element)
        return elements

    def _graces(self, one: Written) -> Iterator[Element]:
        value = _GRACE if len(one.graces) == 1 else _GRACES
        starts = [Fraction(0)] * len(one.graces)
        strokes = beam_strokes([value.n_flags] * len(one.graces), starts) if len(one.graces) > 1 else []
        for i, chord in enumerate(one.graces):
            for j, note in enumerate(chord):
                slash = {"slash": "yes"} if len(one.graces) == 1 else {}
                element = self._head(note, is_chord=j > 0, grace=slash)
                sign = self.accidentals.get((note.performed[0], one.start))
                self._describe(element, value, None, "down" if self.voice == 2 else "up", note, sign)
                if strokes and j == 0:
                    self._add_beams(element, strokes[i])
                yield element

    def _head(self, note: ScoreNote, *, is_chord: bool, grace: dict[str, str] | None = None) -> Element:
        element = Element("note", {"id": self.ids.next(note)})
        if grace is not None:
            SubElement(element, "grace", grace)
        if is_chord:
            SubElement(element, "chord")
        pitch = SubElement(element, "pitch")
        self._add(pitch, "step", note.spelling.step)
        if note.spelling.alter:
            self._add(pitch, "alter", note.spelling.alter)
        self._add(pitch, "octave", note.spelling.octave)
        return element

    def _describe(
        self,
        element: Element,
        value: NoteValue | None,
        tuplet: Tuplet | None,
        stem: str | None,
        note: ScoreNote | None = None,
        is_courtesy: bool | None = None,
    ) -> None:
        """Add voice, value, accidental, tuplet, stem and staff, in the order of the schema."""
        self._add(element, "voice", self.voice_number)
        if value:
            self._add(element, "type", value.type)
            for _ in range(value.n_dots):
                SubElement(element, "dot")
        if note and is_courtesy is not None:
            marks = {"cautionary": "yes"} if is_courtesy else {}
            SubElement(element, "accidental", marks).text = _SIGNS[note.spelling.alter]
        if tuplet:
            ratio = SubElement(element, "time-modification")
            self._add(ratio, "actual-notes", tuplet.actual)
            self._add(ratio, "normal-notes", tuplet.normal)
        if stem:
            self._add(element, "stem", stem)
        self._add(element, "staff", self.staff)

    def _notations(
        self, element: Element, i: int, one: Written, note: ScoreNote | None, brackets: dict[Tuplet, bool]
    ) -> None:
        marks: list[Element] = []
        if note:
            for kind, is_tied in (("stop", one.is_tied_back), ("start", one.is_tied_on)):
                if is_tied:
                    marks.append(Element("tied", {"type": kind}))
        if one.tuplet and (note is None or note is one.notes[0]):
            marks += self._tuplet_ends(i, one.tuplet, brackets[one.tuplet])
        if note and note.ornament and not one.is_tied_back:
            ornaments = Element("ornaments")
            mark = SubElement(ornaments, _ORNAMENTS[note.ornament])
            if note.ornament == "tremolo":
                mark.set("type", "single")
                mark.text = "3"
            marks.append(ornaments)
        if note and note.is_arpeggiated and not one.is_tied_back:
            marks.append(Element("arpeggiate"))
        if marks:
            SubElement(element, "notations").extend(marks)

    def _tuplet_ends(self, i: int, tuplet: Tuplet, bracket: bool) -> Iterator[Element]:
        is_first = i == 0 or self.written[i - 1].tuplet != tuplet
        is_last = i + 1 == len(self.written) or self.written[i + 1].tuplet != tuplet
        if is_first:
            yes = "yes" if bracket else "no"
            yield Element("tuplet", {"type": "start", "number": "1", "bracket": yes, "show-number": "actual"})
        if is_last:
            yield Element("tuplet", {"type": "stop", "number": "1"})

    def _beams(self) -> tuple[dict[int, list[Stroke]], dict[int, str]]:
        """What beams do at each element, and which way stems point, where two voices share the staff."""
        strokes: dict[int, list[Stroke]] = {}
        groups = beam_groups(self.measure, self.written)
        for group in groups:
            members = [self.written[i] for i in group]
            values = [one.value for one in members]
            origin = members[0].start
            starts = [(one.start - origin) * (one.tuplet.stretch if one.tuplet else 1) for one in members]
            flags = [value.n_flags for value in values if value]
            strokes.update(zip(group, beam_strokes(flags, starts), strict=True))
        in_groups = {i for group in groups for i in group}
        stems: dict[int, str] = {}
        for group in [*groups, *((i,) for i in range(len(self.written)) if i not in in_groups)]:
            start, end = self.written[group[0]].start, self.written[group[-1]].end
            if any(other.start < end and start < other.end for other in self.others if not other.is_hidden):
                stems.update(dict.fromkeys(group, "down" if self.voice == 2 else "up"))
        return strokes, stems

    def _brackets(self) -> dict[Tuplet, bool]:
        """Whether each tuplet needs a bracket: where no beam holds it together by itself."""
        beamed = [tuple(self.written[i] for i in group) for group in beam_groups(self.measure, self.written)]
        brackets = {}
        for tuplet in {one.tuplet for one in self.written if one.tuplet}:
            members = tuple(one for one in self.written if one.tuplet == tuplet)
            brackets[tuplet] = members not in beamed
        return brackets

    def _duration(self, one: Written) -> int:
        return int((one.end - one.start) * self.divisions)

    @staticmethod
    def _add(parent: Element, tag: str, value: object) -> None:
        SubElement(parent, tag).text = str(value)

    @staticmethod
    def _add_beams(element: Element, strokes: list[Stroke]) -> None:
        for number, stroke in enumerate(strokes, 1):
            SubElement(element, "beam", {"number": str(number)}).text = stroke
