"""What musicians write on a command line: keys, time signatures, grids, tempi.

Every parser raises BadParameter for anything else, so that the message names the option.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import typer

from pianotrans.errors import PianotransError, UsageError
from pianotrans.events import NoteGrid
from pianotrans.score import words
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature
from pianotrans.score.beats.text import parse_beats
from pianotrans.score.pitch import KeySignature, Spelling

_NOTE = re.compile(r"([A-Ga-g])(#|b|)(-?\d+)")
_SLOWEST_BPM, _FASTEST_BPM = 4, 999  # quarters a minute that both MIDI and other programs can hold


@dataclass(frozen=True)
class RhythmGrid:
    """The shortest note of a score in whole notes, and whether there are triplets."""

    step: Fraction
    triplets: bool = False


def parse_bpm(text: str) -> float:
    """Beats a minute, as far as they can be found."""
    try:
        bpm = float(text)
        BeatHints(bpm=bpm)
    except PianotransError as error:
        raise typer.BadParameter(str(error)) from None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no tempo. Give beats a minute, such as 96.") from None
    return bpm


def parse_meters(text: str) -> tuple[tuple[int, TimeSignature], ...]:
    """`3/4`, or `3/4,17:6/8`: each from a bar on."""
    try:
        return words.parse_meters(text)
    except PianotransError as error:
        raise typer.BadParameter(str(error)) from None


def parse_key(text: str) -> KeySignature:
    """`E flat major`, `Eb`, `c minor`, `F#m`; or how many sharps or flats: `2#`, `3b`, `-3`."""
    try:
        return words.parse_key(text)
    except PianotransError as error:
        raise typer.BadParameter(str(error)) from None


def parse_rhythm(text: str) -> RhythmGrid | None:
    """`1/16`, `1/16,triplets`; None for `auto`."""
    if text.strip() == "auto":
        return None
    words = [word.strip() for word in text.split(",")]
    if len(words) > 2 or words[1:] not in ([], ["triplets"]):
        raise typer.BadParameter(f"{text!r} is no grid. Give one like 1/16, or 1/16,triplets, or auto.")
    return RhythmGrid(_note_length(words[0]), len(words) == 2)


def parse_note_grid(text: str) -> NoteGrid:
    """`1/16`, `1/16,0.5` with a strength, `1/16,triplets,0.5`."""
    first, *words = [word.strip() for word in text.split(",")]
    triplets = words[:1] == ["triplets"]
    rest = words[triplets:]
    try:
        (strength,) = [float(word) for word in rest] or [1.0]
        return NoteGrid(_note_length(first), strength, triplets)
    except UsageError as error:
        raise typer.BadParameter(error.reason) from None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no grid. Give one like 1/16, or 1/16,0.5 with a strength.") from None


def parse_tempo(text: str) -> float | None:
    """`map` is None, `fixed` is 120, `fixed=96` is 96 quarters a minute."""
    found = re.fullmatch(r"map|fixed(?:=(\d+(?:\.\d+)?))?", text.strip(), re.ASCII)
    if found is None:
        raise typer.BadParameter(f"{text!r} is none of map, fixed and fixed=BPM.")
    if text.strip() == "map":
        return None
    bpm = float(found[1] or 120)
    if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:
        raise typer.BadParameter(f"{text!r}: give {_SLOWEST_BPM} to {_FASTEST_BPM} quarters a minute.")
    return bpm


def parse_split(text: str) -> int:
    """The MIDI number of a note name (`C4` is 60), or the number itself."""
    named = _NOTE.fullmatch(text.strip())
    key = int(text) if text.strip().isdecimal() else -1
    if named is not None:
        step, sign, octave = named.groups()
        key = Spelling(step.upper(), words.SIGNS[sign], int(octave)).key
    if not 0 <= key <= 127:
        raise typer.BadParameter(f"{text!r} is no key of a piano. Give one like C4, or a MIDI number such as 60.")
    return key


def read_beats(path: str) -> GivenBeats:
    """The beats in a csv or a label track of Audacity."""
    file = Path(path)
    try:
        return parse_beats(file.read_text(encoding="utf-8"), file.name)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file.name} is not text. Give a csv or a label track of Audacity.") from None
    except PianotransError as error:
        raise typer.BadParameter(str(error)) from None


def _note_length(text: str) -> Fraction:
    found = re.fullmatch(r"1/(\d+)", text, re.ASCII)
    if found is None or int(found[1]) not in (1, 2, 4, 8, 16, 32, 64, 3, 6, 12, 24, 48, 96, 192):
        raise typer.BadParameter(f"{text!r} is no length of a note. Give one like 1/8, 1/16 or 1/32.")
    return Fraction(1, int(found[1]))
