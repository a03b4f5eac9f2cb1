"""A reader of MusicXML, for what measures of scores need: measures, notes and rests, as they are printed.

Files come from anywhere: entities are refused, nothing outside the file is read, and a small file cannot unpack to
a large one.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from pianotrans.errors import EvaluationError
from pianotrans.names import shown
from pianotrans.score.pitch import Spelling

LARGEST_BYTES = 2**26
"""Of an unpacked file; the largest sonata movement of (n)ASAP takes 4 MB."""

_MOST_LEVELS = 100  # of elements in each other; MusicXML has some ten
_Element = ElementTree.Element


@dataclass(frozen=True, slots=True)
class WrittenMeasure:
    """A measure as it is printed, `position` and `length` in quarter notes.

    `time_signature` is (4, 4) for 4/4; `fifths` and `mode` are those of the key signature.
    """

    number: str
    position: Fraction
    length: Fraction
    time_signature: tuple[int, int]
    fifths: int
    mode: str | None

    @property
    def is_complete(self) -> bool:
        """Whether it is as long as its time signature says."""
        return self.length == Fraction(4 * self.time_signature[0], self.time_signature[1])

    @property
    def beat_length(self) -> Fraction:
        """Of one beat, in quarter notes: 3/2 in 6/8."""
        numerator, denominator = self.time_signature
        return Fraction(4, denominator) * (3 if numerator > 3 and numerator % 3 == 0 else 1)


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note head; a note over a barline is two, tied.

    `position` counts from the beginning of the file, `duration` is 0 for a grace note; both in quarter notes.
    `measure` is the index of its measure. `tied_on` and `tied_from` say whether a tie leads to the next note head
    or comes from the one before. `tuplet` is (3, 2) in triplets, None outside tuplets.
    """

    measure: int
    position: Fraction
    duration: Fraction
    spelling: Spelling
    staff: int
    voice: str
    is_grace: bool
    tied_on: bool
    tied_from: bool
    tuplet: tuple[int, int] | None
    has_accidental: bool


@dataclass(frozen=True, slots=True)
class WrittenRest:
    """A printed rest, in quarter notes."""

    measure: int
    position: Fraction
    duration: Fraction
    staff: int
    voice: str


@dataclass(frozen=True)
class WrittenScore:
    """A score as it is printed: notes and rests in order of the file.

    Repeats are not unfolded. Hidden notes and rests, and cue notes, are left out.
    """

    measures: tuple[WrittenMeasure, ...]
    notes: tuple[WrittenNote, ...]
    rests: tuple[WrittenRest, ...]
    n_tuplets: int

    def joined_notes(self) -> tuple[WrittenNote, ...]:
        """The notes in order of position, those tied as one."""
        joined: list[WrittenNote] = []
        open_ties: dict[tuple[int, int, Fraction], int] = {}  # staff, key and end of a note that is tied on
        in_order = sorted(self.notes, key=lambda note: (note.position, not note.is_grace))
        for note in in_order:
            place = (note.staff, note.spelling.key, note.position)
            before = open_ties.pop(place, None) if note.tied_from else None
            if before is None:
                joined.append(note)
                before = len(joined) - 1
            else:
                joined[before] = replace(joined[before], duration=joined[before].duration + note.duration)
            if note.tied_on:
                open_ties[note.staff, note.spelling.key, note.position + note.duration] = before
        return tuple(joined)


def read_musicxml(path: Path) -> WrittenScore:
    """Read a score, .mxl or .musicxml. Raises EvaluationError where it cannot be read or is something else."""
    name = shown(path)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise EvaluationError(f"{name}: cannot be read ({error.strerror}). Check the path.") from error
    return parse_musicxml(data, name)


def parse_musicxml(data: bytes, name: str = "score") -> WrittenScore:
    """The score in the content of a .musicxml or .mxl file. Raises EvaluationError for anything else."""
    try:
        root = parse_xml(_unpacked(data, name) if data[:2] == b"PK" else data, name)
        if root.tag != "score-partwise":
            raise EvaluationError(f"{name}: is no MusicXML by parts but <{root.tag}>. Export it as MusicXML.")
        return _read_parts(root)
    except (ValueError, ArithmeticError) as error:
        raise EvaluationError(f"{name}: holds a value that no score has ({error}). Export it again.") from error


def parse_xml(data: bytes, name: str) -> _Element:
    """The root element. Raises EvaluationError for what is not XML, too large, too deep, or declares entities."""
    if len(data) > LARGEST_BYTES:
        raise EvaluationError(f"{name}: is larger than {LARGEST_BYTES >> 20} MiB. Give a score of one piece.")
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_LEVELS:
            raise EvaluationError(f"{name}: elements are nested too deeply. Export it again.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise EvaluationError(f"{name}: declares entities, which scores do not need. Export it again.")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise EvaluationError(f"{name}: is not XML ({error}). Give a .musicxml or .mxl file.") from error
    return builder.close()


def _unpacked(data: bytes, name: str) -> bytes:
    """The score inside an .mxl file: what its container names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            container = parse_xml(_member(archive, "META-INF/container.xml", name), name)
            paths = [one.get("full-path", "") for one in container.iter("rootfile")]
            if not paths:
                raise EvaluationError(f"{name}: its container names no score. Export it again.")
            return _member(archive, paths[0], name)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise EvaluationError(f"{name}: cannot be unpacked ({error}). Export it again.") from error


def _member(archive: zipfile.ZipFile, path: str, name: str) -> bytes:
    with archive.open(path) as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise EvaluationError(f"{name}: unpacks to more than {LARGEST_BYTES >> 20} MiB. Give a score of one piece.")
    return data


def _read_parts(root: _Element) -> WrittenScore:
    """All parts; the staves of a later part count on from those of the parts before."""
    measures: list[WrittenMeasure] = []
    notes: list[WrittenNote] = []
    rests: list[WrittenRest] = []
    n_tuplets = n_staves = 0
    for part in root.iter("part"):
        reader = _PartReader(n_staves)
        for measure in part.iter("measure"):
            reader.read(measure)
        if len(reader.measures) > len(measures):
            measures = reader.measures
        notes += reader.notes
        rests += reader.rests
        n_tuplets += reader.n_tuplets
        n_staves += reader.n_staves
    return WrittenScore(tuple(measures), tuple(notes), tuple(rests), n_tuplets)


class _PartReader:
    """One part, measure after measure."""

    def __init__(self, first_staff: int):
        self.measures: list[WrittenMeasure] = []
        self.notes: list[WrittenNote] = []
        self.rests: list[WrittenRest] = []
        self.n_tuplets, self.n_staves = 0, 1
        self._first_staff = first_staff
        self._divisions = Fraction(1)
        self._time_signature = (4, 4)
        self._fifths = 0
        self._mode: str | None = None
        self._start = Fraction(0)  # of the measure
        self._now = Fraction(0)
        self._chord_at = Fraction(0)

    def read(self, measure: _Element) -> None:
        self._now = end = self._start
        for element in measure:
            if element.tag == "attributes":
                self._read_attributes(element)
            elif element.tag == "backup":
                self._now = max(self._now - self._length(element), self._start)
            elif element.tag == "forward":
                self._now += self._length(element)
            elif element.tag == "note":
                self._read_note(element)
            end = max(end, self._now)
        signature, key = self._time_signature, (self._fifths, self._mode)
        self.measures.append(
            WrittenMeasure(measure.get("number", ""), self._start, end - self._start, signature, *key)
        )
        self._start = end

    def _length(self, element: _Element) -> Fraction:
        return Fraction(element.findtext("duration", "0").strip()) / self._divisions

    def _read_attributes(self, attributes: _Element) -> None:
        if divisions := attributes.findtext("divisions"):
            self._divisions = Fraction(divisions.strip())
        if staves := attributes.findtext("staves"):
            self.n_staves = int(staves)
        if fifths := attributes.findtext("key/fifths"):
            self._fifths, self._mode = int(fifths), attributes.findtext("key/mode")
        if (beats := attributes.findtext("time/beats")) and (unit := attributes.findtext("time/beat-type")):
            self._time_signature = sum(map(int, beats.split("+"))), int(unit)
            if min(self._time_signature) < 1:
                raise ValueError(f"time signature {beats}/{unit}")

    def _read_note(self, note: _Element) -> None:
        if note.find("cue") is not None:
            return
        is_grace = note.find("grace") is not None
        duration = Fraction(0) if is_grace else self._length(note)
        position = self._chord_at if note.find("chord") is not None else self._now
        staff = self._first_staff + int(note.findtext("staff", "1"))
        voice = note.findtext("voice", "1").strip()
        is_printed = note.get("print-object") != "no"
        if (pitch := note.find("pitch")) is not None and is_printed:
            self.notes.append(self._written(note, pitch, position, duration, staff, voice))
            brackets = note.iterfind("notations/tuplet")
            self.n_tuplets += sum(bracket.get("type") == "start" for bracket in brackets)
        elif note.find("rest") is not None and is_printed:
            self.rests.append(WrittenRest(len(self.measures), position, duration, staff, voice))
            brackets = note.iterfind("notations/tuplet")
            self.n_tuplets += sum(bracket.get("type") == "start" for bracket in brackets)
        if note.find("chord") is None:
            self._chord_at = self._now
            self._now += duration

    def _written(
        self, note: _Element, pitch: _Element, position: Fraction, duration: Fraction, staff: int, voice: str
    ) -> WrittenNote:
        ties = set(_ties(note))
        ratio = note.find("time-modification")
        alter = round(float(pitch.findtext("alter", "0")))
        return WrittenNote(
            measure=len(self.measures),
            position=position,
            duration=duration,
            spelling=Spelling(pitch.findtext("step", "C").strip(), alter, int(pitch.findtext("octave", "4"))),
            staff=staff,
            voice=voice,
            is_grace=note.find("grace") is not None,
            tied_on="start" in ties,
            tied_from="stop" in ties,
            tuplet=None if ratio is None else _ratio(ratio),
            has_accidental=note.find("accidental") is not None,
        )


def _ties(note: _Element) -> Iterator[str]:
    for tie in (*note.iterfind("tie"), *note.iterfind("notations/tied")):
        yield tie.get("type", "")


def _ratio(modification: _Element) -> tuple[int, int]:
    return int(modification.findtext("actual-notes", "1")), int(modification.findtext("normal-notes", "1"))
