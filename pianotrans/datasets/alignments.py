"""Which note of the score each performed note is: the alignments of (n)ASAP."""

import csv
import gzip
import io
import zlib
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pianotrans.errors import DatasetError
from pianotrans.events import Performance
from pianotrans.names import shown

_SAME_S = 0.002  # times in the table are rounded to 0.1 ms, those of MIDI to ticks


@dataclass(frozen=True, slots=True)
class AlignedNote:
    """A performed note and its place in the score.

    `bar` counts as in the edition, so repeats return to earlier bars; `beat` counts from 1 within the bar, in beats
    as the data set takes them; `after_beat` and `duration` are fractions of a whole note. `staff` is 1 or 2,
    None where it is not known; `spelling` is like Eb4 (## and bb for double signs), or empty.
    """

    onset_s: float
    key: int
    bar: int
    beat: int
    after_beat: Fraction
    duration: Fraction
    onset_beats: float
    offset_beats: float
    staff: int | None
    voice: str
    spelling: str
    marks: frozenset[str]

    @property
    def is_grace(self) -> bool:
        """Whether the score writes it as a grace note."""
        return "grace" in self.marks or self.duration == 0


def read_alignment(path: Path) -> tuple[AlignedNote, ...]:
    """Read `alignment/ID.tsv.gz`, in order of onset. Raises DatasetError where it cannot be read."""
    try:
        text = gzip.decompress(path.read_bytes()).decode()
        rows = csv.DictReader(io.StringIO(text), delimiter="\t")
        return tuple(sorted((_note(row) for row in rows), key=lambda note: (note.onset_s, note.key)))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{shown(path)}: cannot be read ({error}). Restore it.") from error


def _note(row: dict[str, str]) -> AlignedNote:
    marks = frozenset(mark.strip() for mark in row["marks"].replace(";", ",").split(",") if mark.strip())
    return AlignedNote(
        float(row["onset_s"]),
        int(row["key"]),
        int(row["bar"]),
        int(row["beat_in_bar"]),
        Fraction(row["after_beat"]),
        Fraction(row["duration"]),
        float(row["score_onset_beats"]),
        float(row["score_offset_beats"]),
        int(row["staff"]) if row["staff"] in ("1", "2") else None,
        row["voice"],
        row["spelling"].replace("x", "##"),
        marks,
    )


def match_notes(performance: Performance, aligned: tuple[AlignedNote, ...]) -> dict[int, AlignedNote]:
    """The aligned note of each note of the performance that stands in the score, by its index."""
    by_key: dict[int, list[int]] = defaultdict(list)
    for i, played in enumerate(performance.notes):
        by_key[played.key].append(i)
    found: dict[int, AlignedNote] = {}
    for note in aligned:
        free = [i for i in by_key[note.key] if i not in found]
        if not free:
            continue
        nearest = min(free, key=lambda i: abs(performance.notes[i].onset_s - note.onset_s))
        if abs(performance.notes[nearest].onset_s - note.onset_s) <= _SAME_S:
            found[nearest] = note
    return found
