"""A score as MusicXML."""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from pianotrans.score.notation.accidentals import StaffPitches
from pianotrans.score.notation.clefs import Clef, ClefPlace, choose_clefs
from pianotrans.score.notation.directions import Direction
from pianotrans.score.notation.dynamics import find_dynamics
from pianotrans.score.notation.elements import Written, write_voice
from pianotrans.score.notation.notes import NoteIds, VoiceWriter
from pianotrans.score.notation.octaves import OctaveLine, OctavePlace, find_octave_lines
from pianotrans.score.notation.pedalling import find_pedals
from pianotrans.score.notation.tempo import find_tempi
from pianotrans.score.notation.voices import lay_out
from pianotrans.score.pitch import Spelling
from pianotrans.score.score import Measure, Score
from pianotrans.version import __version__

_STAVES = (1, 2)
_USUAL: dict[int, Clef] = {1: "treble", 2: "bass"}
_SIGNS = {"treble": ("G", 2), "bass": ("F", 4)}
_NO_BEAT = "no beat found"

_Voices = dict[tuple[int, int], list[Written]]
"""What is written in a measure, by staff and voice."""


def musicxml(score: Score) -> bytes:
    """The score as MusicXML 4.0, with one part, Piano, of two staves.

    Notes have the attribute `id`: n12 for the note performed as number 12, n12-2 for the note tied to it. A score
    without beats has no time signatures, and says so. Takes about a millisecond for three notes.

    Raises ScoreError for durations that no note value has.
    """
    root = Element("score-partwise", {"version": "4.0"})
    if score.title:
        SubElement(SubElement(root, "work"), "work-title").text = score.title
    encoding = SubElement(SubElement(root, "identification"), "encoding")
    SubElement(encoding, "software").text = f"pianotrans {__version__}"
    part = SubElement(SubElement(root, "part-list"), "score-part", {"id": "P1"})
    SubElement(part, "part-name", {"print-object": "no"}).text = "Piano"
    instrument = SubElement(part, "score-instrument", {"id": "P1-I1"})
    SubElement(instrument, "instrument-name").text = "Piano"
    midi = SubElement(part, "midi-instrument", {"id": "P1-I1"})
    SubElement(midi, "midi-channel").text = "1"
    SubElement(midi, "midi-program").text = "1"
    SubElement(root, "part", {"id": "P1"}).extend(_PartWriter(score).measures())
    ElementTree.indent(root)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC '
        '"-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
    )
    return (head + ElementTree.tostring(root, encoding="unicode") + "\n").encode()


class _PartWriter:
    """All measures of a score in order."""

    def __init__(self, score: Score):
        self.score = score
        sounding = lay_out(score)
        self.pages: list[_Voices] = []
        for i, measure in enumerate(score.measures):
            voices: _Voices = {}
            for staff in _STAVES:
                voices[staff, 1] = write_voice(measure, sounding.get((i, staff, 1), []), shows_rests=True)
                if (i, staff, 2) in sounding:
                    voices[staff, 2] = write_voice(measure, sounding[i, staff, 2], shows_rests=False)
            self.pages.append(voices)
        self.places = sorted(
            {one.start for page in self.pages for voice in page.values() for one in voice}
            | {measure.end for measure in score.measures[-1:]}
        )
        self.divisions = math.lcm(4, *(place.denominator for place in self.places))
        self.clefs = {staff: self._choose_clefs(staff) for staff in _STAVES}
        self.octaves = dict(zip(_STAVES, self._find_octaves(), strict=True))
        self.directions = self._find_directions()
        self.open_octaves: dict[int, OctaveLine] = {}
        self.ids = NoteIds()
        self.pitches = {staff: StaffPitches() for staff in _STAVES}

    def measures(self) -> list[Element]:
        return [self._measure(i) for i in range(len(self.score.measures))]

    def _measure(self, i: int) -> Element:
        measure, voices = self.score.measures[i], self.pages[i]
        element = Element("measure", {"number": str(measure.number)})
        is_odd = measure.length != measure.beat_length * measure.time_signature.n_beats
        if measure.number == 0 or is_odd:
            element.set("implicit", "yes")
        self._add_attributes(element, i)
        fifths = measure.key_signature.fifths
        signs = {
            staff: self.pitches[staff].read([voices[key] for key in voices if key[0] == staff], fifths)
            for staff in _STAVES
        }
        self._add_directions(element, measure.position)
        length = int(measure.length * self.divisions)
        for n, (staff, voice) in enumerate(sorted(voices)):
            if n:
                SubElement(SubElement(element, "backup"), "duration").text = str(length)
            writer = VoiceWriter(
                measure=measure,
                staff=staff,
                voice=voice,
                voice_number=4 * (staff - 1) + voice,
                written=voices[staff, voice],
                others=[one for key in voices if key[0] == staff and key[1] != voice for one in voices[key]],
                accidentals=signs[staff],
                divisions=self.divisions,
                ids=self.ids,
            )
            for position, notes in writer.write():
                self._add_clef(element, measure, position, staff, voice)
                self._add_octaves(element, position, staff, voice)
                element.extend(notes)
            self._end_octaves(element, measure.end, staff)
        self._add_inner_directions(element, i)
        self._add_barline(element, i)
        return element

    def _add_attributes(self, element: Element, i: int) -> None:
        """Divisions, key, time and clefs, where they are new."""
        measure = self.score.measures[i]
        before = self.score.measures[i - 1] if i else None
        attributes = Element("attributes")
        if before is None:
            SubElement(attributes, "divisions").text = str(self.divisions)
        key = measure.key_signature
        if before is None or key.fifths != before.key_signature.fifths:
            signature = SubElement(attributes, "key")
            SubElement(signature, "fifths").text = str(key.fifths)
            if key.mode:
                SubElement(signature, "mode").text = key.mode
        if before is None or measure.time_signature != before.time_signature:
            shown = {} if self.score.grid.is_found else {"print-object": "no"}
            time = SubElement(attributes, "time", shown)
            SubElement(time, "beats").text = str(measure.time_signature.numerator)
            SubElement(time, "beat-type").text = str(measure.time_signature.denominator)
        if before is None:
            SubElement(attributes, "staves").text = str(len(_STAVES))
        for staff in _STAVES:
            clef = self.clefs[staff].get(measure.position)
            if clef:
                attributes.append(_clef(clef, staff))
        if len(attributes):
            element.append(attributes)

    def _add_clef(self, element: Element, measure: Measure, position: Fraction, staff: int, voice: int) -> None:
        clef = self.clefs[staff].get(position)
        if clef and voice == 1 and position > measure.position:
            SubElement(element, "attributes").append(_clef(clef, staff))

    def _add_octaves(self, element: Element, position: Fraction, staff: int, voice: int) -> None:
        """End and begin lines before the notes at a position: readers move the notes between the marks."""
        self._end_octaves(element, position, staff)
        lines = self.octaves[staff]
        if voice == 1 and lines and lines[0].start == position and staff not in self.open_octaves:
            self.open_octaves[staff] = lines.pop(0)
            element.append(self.open_octaves[staff].mark(staff, is_end=False))

    def _end_octaves(self, element: Element, position: Fraction, staff: int) -> None:
        line = self.open_octaves.get(staff)
        if line and line.end == position:
            element.append(line.mark(staff, is_end=True))
            del self.open_octaves[staff]

    def _add_inner_directions(self, element: Element, i: int) -> None:
        """Add what stands within a measure, and at the end of the last one.

        In order of time, as readers pair marks in the order of the file; hence behind the notes.
        """
        measure = self.score.measures[i]
        is_last = i + 1 == len(self.score.measures)
        cut = bisect_right if is_last else bisect_left
        within = self.places[bisect_right(self.places, measure.position) : cut(self.places, measure.end)]
        places = [place for place in within if place in self.directions]
        now = measure.end
        if places and places[0] < measure.end:
            now = measure.position
            SubElement(SubElement(element, "backup"), "duration").text = str(int(measure.length * self.divisions))
        for place in [*places, measure.end]:
            if place > now:
                step = str(int((place - now) * self.divisions))
                SubElement(SubElement(element, "forward"), "duration").text = step
                now = place
            if place in places:
                self._add_directions(element, place)

    def _add_directions(self, element: Element, position: Fraction) -> None:
        for one in self.directions.pop(position, []):
            direction = SubElement(element, "direction", {"placement": one.placement})
            for content in one.types:
                SubElement(direction, "direction-type").append(content)
            SubElement(direction, "staff").text = str(one.staff)
            if one.bpm:
                SubElement(direction, "sound", {"tempo": f"{one.bpm:.2f}"})

    def _add_barline(self, element: Element, i: int) -> None:
        is_last = i + 1 == len(self.score.measures)
        style = "light-heavy" if is_last else None if self.score.grid.is_found else "dotted"
        if style:
            barline = SubElement(element, "barline", {"location": "right"})
            SubElement(barline, "bar-style").text = style

    def _find_directions(self) -> dict[Fraction, list[Direction]]:
        found = find_tempi(self.score) if self.score.grid.is_found else self._apology()
        found += find_dynamics(self.score)
        found += find_pedals(self.score, self.places)
        by_position: dict[Fraction, list[Direction]] = defaultdict(list)
        for one in found:
            by_position[one.position].append(one)
        return by_position

    def _apology(self) -> list[Direction]:
        words = Element("words", {"font-style": "italic"})
        words.text = _NO_BEAT
        return [Direction(measure.position, 1, "above", (words,)) for measure in self.score.measures[:1]]

    def _choose_clefs(self, staff: int) -> dict[Fraction, Clef]:
        """The clefs of a staff by the position from which they hold."""
        heads: list[tuple[Fraction, int]] = []
        costs: dict[Fraction, float] = {}
        for measure, page in zip(self.score.measures, self.pages, strict=True):
            costs[measure.position] = 8.0
            for before, one in pairwise(page[staff, 1]):
                if one.start > measure.position and one.notes and not one.is_tied_back:
                    is_beat = (measure.end - one.start) % measure.beat_length == 0
                    costs[one.start] = 10.0 if not before.notes else 13.0 if is_beat else 20.0
            for (number, _), voice in page.items():
                if number == staff:
                    heads += [(one.start, _height(note.spelling)) for one in voice for note in one.notes]
        positions = sorted(costs)
        heights: list[list[int]] = [[] for _ in positions]
        for start, height in heads:
            i = bisect_left(positions, start)
            heights[i if i < len(positions) and positions[i] == start else i - 1].append(height)
        places = [
            ClefPlace(position, costs[position], tuple(high))
            for position, high in zip(positions, heights, strict=True)
        ]
        return dict(choose_clefs(places, _USUAL[staff]))

    def _find_octaves(self) -> tuple[list[OctaveLine], list[OctaveLine]]:
        """The lines of both staves, never two at a time: Verovio complains of those."""
        upper, lower = (find_octave_lines(self._octave_places(staff)) for staff in _STAVES)
        alone = [one for one in lower if not any(one.start < up.end and up.start < one.end for up in upper)]
        return upper, alone

    def _octave_places(self, staff: int) -> list[OctavePlace]:
        clefs, clef = self.clefs[staff], _USUAL[staff]
        places = []
        for page in self.pages:
            for one in page[staff, 1]:
                clef = clefs.get(one.start, clef)
                notes = (*one.notes, *(note for chord in one.graces for note in chord))
                heights = tuple(_height(note.spelling) for note in notes)
                is_alone = (staff, 2) not in page
                places.append(OctavePlace(one.start, one.end, heights, clef, not one.is_tied_back, is_alone))
        return places


def _clef(clef: Clef, staff: int) -> Element:
    element = Element("clef", {"number": str(staff)})
    sign, line = _SIGNS[clef]
    SubElement(element, "sign").text = sign
    SubElement(element, "line").text = str(line)
    return element


def _height(spelling: Spelling) -> int:
    """Steps above C0."""
    return 7 * spelling.octave + "CDEFGAB".index(spelling.step)
