"""A small piece in 3/4 with its truth, and scores of it made by hand.

Four bars of quarter notes over dotted half notes, in G major, each beat a little slower than the one before; a
quarter note as pickup.
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from pianotrans.datasets.alignments import AlignedNote
from pianotrans.datasets.beats import (
    AnnotatedPiece,
    BeatAnnotation,
    KeySignatureChange,
    TimeSignatureChange,
)
from pianotrans.evaluation.score.piece import PieceTruth
from pianotrans.evaluation.score.truth import true_notes
from pianotrans.events import Note, Performance
from pianotrans.score.bars import Bar, BarGrid
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.score import Measure, Score, ScoreNote

THREE_FOUR = TimeSignature(3, 4)
N_BARS, N_BEATS = 4, 3
BEATS_S = np.round(0.5 + np.cumsum(0.6 + 0.02 * np.arange(N_BARS * N_BEATS + 2)), 3)
MELODY = ("D5", "G5", "A5", "B5", "C6", "B5", "A5", "G5", "F#5", "E5", "D5", "C5", "B4")
BASS = ("G3", "A3", "B3", "G3")


def spelling(name: str) -> Spelling:
    """Of a name such as F#5."""
    step, signs, octave = name[0], name[1:-1], int(name[-1])
    return Spelling(step, {"": 0, "#": 1, "b": -1, "##": 2, "bb": -2}[signs], octave)


def rows() -> list[tuple[int, int, int, str, int]]:
    """(beat from the pickup on, duration in beats, staff, spelling, bar) of every note, by onset and key."""
    melody = [(beat, 1, 1, name, (beat + 2) // 3) for beat, name in enumerate(MELODY)]
    bass = [(1 + 3 * bar, 3, 2, name, bar + 1) for bar, name in enumerate(BASS)]
    return sorted(melody + bass, key=lambda row: (row[0], spelling(row[3]).key))


def performance() -> Performance:
    """As it is played, a little staccato."""
    return Performance(
        tuple(Note(BEATS_S[beat], BEATS_S[beat] + 0.3, spelling(name).key, 64) for beat, _, _, name, _ in rows()),
        duration_s=float(BEATS_S[-1]),
    )


def aligned() -> tuple[AlignedNote, ...]:
    """As the data set aligns it: beats count from the first barline."""
    return tuple(
        AlignedNote(
            onset_s=float(BEATS_S[beat]),
            key=spelling(name).key,
            bar=bar,
            beat=(beat + 2) % 3 + 1 if bar else 1,
            after_beat=Fraction(0),
            duration=Fraction(duration, 4),
            onset_beats=beat - 1.0,
            offset_beats=beat - 1.0 + duration,
            staff=staff,
            voice="1" if staff == 1 else "5",
            spelling=name,
            marks=frozenset(),
        )
        for beat, duration, staff, name, bar in rows()
    )


def annotation() -> BeatAnnotation:
    times_s = BEATS_S[: N_BARS * N_BEATS + 1]
    return BeatAnnotation(
        times_s,
        np.arange(len(times_s)) % N_BEATS == 1,
        np.ones(len(times_s), dtype=bool),
        (TimeSignatureChange(float(times_s[0]), 3, 4),),
        (KeySignatureChange(float(times_s[0]), 1),),
    )


def truth(**changes: object) -> PieceTruth:
    names = ("Someone__Piece__A", "Someone", "Someone__Piece")
    piece = AnnotatedPiece(*names, "test", annotation(), performance, knows_pedals=True)
    notes = true_notes(aligned(), piece.beats)
    return replace(PieceTruth(piece, performance(), False, dict(enumerate(notes)), None), **changes)


@dataclass(frozen=True)
class MadeScore(Score):
    """A score whose file does not depend on how notation is written."""

    def to_musicxml(self) -> bytes:
        return PAGE.encode()


def made_score(
    played: Performance | None = None,
    change: Callable[[ScoreNote], ScoreNote] = lambda note: note,
    *,
    meter: TimeSignature = THREE_FOUR,
    fifths: int = 1,
) -> MadeScore:
    """The true score, with every note changed; with another meter, bars begin where they did and are as long."""
    played = played or performance()
    bars = (Bar(0, 0, 1, 3), *(Bar(i + 1, 1 + 3 * i, 3, 3) for i in range(N_BARS)))
    quarters = Fraction(4 * meter.numerator, meter.denominator) / 3  # of a beat
    measures = tuple(
        Measure(
            number=bar.number,
            position=bar.first_beat * quarters,
            length=bar.n_beats * quarters,
            time_signature=meter,
            key_signature=KeySignature(fifths),
            start_s=float(BEATS_S[bar.first_beat]),
            end_s=float(BEATS_S[bar.first_beat + bar.n_beats]),
            confidence=1.0,
        )
        for bar in bars
    )
    notes = [
        change(ScoreNote((i,), beat * quarters, duration * quarters, staff, 1, spelling(name)))
        for i, (beat, duration, staff, name, _) in enumerate(rows()[: played.n_notes])
    ]
    n_beats = N_BARS * N_BEATS + 1
    beats = [Beat(float(BEATS_S[i]), (i + 2) // 3, (i + 2) % 3, 3, 1.0, 1.0) for i in range(n_beats)]
    grid = BarGrid(BEATS_S[: n_beats + 1], bars, np.ones(n_beats), np.ones(n_beats))
    return MadeScore(played, BeatGrid(tuple(beats)), grid, measures, tuple(notes))


def write_dataset(root: Path, names: Sequence[str] = ("Someone__Piece__A", "Other__Piece__B")) -> Path:
    """The piece as a data set in the layout of (n)ASAP, under several names."""
    for folder in ("performances", "beats", "alignment", "scores"):
        (root / folder).mkdir(parents=True)
    lines = ["id,composer,title,split,score"]
    for name in names:
        composer, title, _ = name.split("__")
        lines.append(f"{name},{composer},{title},test,{composer}__{title}")
        performance().save(root / "performances" / f"{name}.mid")
        (root / "beats" / f"{name}.txt").write_text(_beats_text())
        (root / "alignment" / f"{name}.tsv.gz").write_bytes(gzip.compress(_alignment_text().encode()))
        (root / "scores" / f"{composer}__{title}.mxl").write_bytes(PAGE.encode())
    (root / "performances.csv").write_text("\n".join(lines) + "\n")
    return root


def _beats_text() -> str:
    beats = annotation()
    labels = ["db" if one else "b" for one in beats.is_downbeat]
    labels[0] += ",3/4,1"
    return "".join(f"{time_s}\t{time_s}\t{label}\n" for time_s, label in zip(beats.times_s, labels, strict=True))


def _alignment_text() -> str:
    columns = "onset_s key bar beat_in_bar after_beat duration score_onset_beats score_offset_beats staff voice"
    lines = ["\t".join([*columns.split(), "spelling", "marks"])]
    for n in aligned():
        cells = (n.onset_s, n.key, n.bar, n.beat, n.after_beat, n.duration, n.onset_beats, n.offset_beats)
        lines.append("\t".join([*map(str, cells), str(n.staff), n.voice, n.spelling, ""]))
    return "\n".join(lines) + "\n"


PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"
 "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><part-list><score-part id="P1"><part-name/></score-part></part-list><part id="P1">
<measure number="0" implicit="yes">
 <attributes><divisions>6</divisions><key><fifths>1</fifths><mode>major</mode></key>
  <time><beats>3</beats><beat-type>4</beat-type></time><staves>2</staves></attributes>
 <note><pitch><step>D</step><octave>5</octave></pitch><duration>6</duration><voice>1</voice><staff>1</staff></note>
</measure>
<measure number="1">
 <note><grace/><pitch><step>A</step><octave>5</octave></pitch><voice>1</voice><staff>1</staff></note>
 <note><pitch><step>G</step><octave>5</octave></pitch><duration>6</duration><voice>1</voice><staff>1</staff></note>
 <note><rest/><duration>6</duration><voice>1</voice><staff>1</staff></note>
 <note><pitch><step>F</step><alter>1</alter><octave>5</octave></pitch><duration>2</duration><voice>1</voice>
  <accidental>sharp</accidental>
  <time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>
  <staff>1</staff><notations><tuplet type="start"/></notations></note>
 <note><pitch><step>G</step><octave>5</octave></pitch><duration>2</duration><voice>1</voice>
  <time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>
  <staff>1</staff></note>
 <note><pitch><step>A</step><octave>5</octave></pitch><duration>2</duration><voice>1</voice>
  <time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>
  <staff>1</staff><notations><tuplet type="stop"/></notations></note>
 <backup><duration>18</duration></backup>
 <note><pitch><step>G</step><octave>3</octave></pitch><duration>18</duration><tie type="start"/><voice>5</voice>
  <staff>2</staff><notations><tied type="start"/></notations></note>
 <note><chord/><pitch><step>B</step><octave>3</octave></pitch><duration>18</duration><voice>5</voice>
  <staff>2</staff></note>
</measure>
<measure number="2">
 <note print-object="no"><rest/><duration>18</duration><voice>1</voice><staff>1</staff></note>
 <backup><duration>18</duration></backup>
 <note><pitch><step>G</step><octave>3</octave></pitch><duration>12</duration><tie type="stop"/><voice>5</voice>
  <staff>2</staff><notations><tied type="stop"/></notations></note>
 <forward><duration>6</duration></forward>
</measure>
</part></score-partwise>
"""
