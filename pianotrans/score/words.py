"""Keys and time signatures as musicians write them."""

import re

from pianotrans.errors import ScoreError
from pianotrans.score.beats.hints import BeatHints, TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling

SIGNS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
"""By how many semitones each raises a note."""

_MODES = {"major": "major", "maj": "major", "minor": "minor", "min": "minor", "m": "minor"}
_MINOR = 3  # fifths from a minor key to the major key with the same letter
_KEY = re.compile(r"([A-Ga-g])[ -]?(#|♯|b|♭|sharp|flat|)[ -]?(major|maj|minor|min|m|)")
_COUNT = re.compile(r"([+-]?\d+)|(\d+)(#|b)")


def parse_meters(text: str) -> tuple[tuple[int, TimeSignature], ...]:
    """`3/4`, or `3/4,17:6/8`: each from a bar on. Raises ScoreError for anything else."""
    meters = []
    for part in text.split(","):
        found = re.fullmatch(r"(?:(\d+):)?(\d+)/(\d+)", part.strip(), re.ASCII)
        if found is None:
            raise ScoreError(f"{part!r} is no time signature. Give one like 3/4, or a list: 3/4,17:6/8.")
        bar, numerator, denominator = found.groups()
        meters.append((int(bar or 1), TimeSignature(int(numerator), int(denominator))))
    return BeatHints(meters=tuple(meters)).meters


def parse_key(text: str) -> KeySignature:
    """`E flat major`, `Eb`, `c minor`, `F#m`; or how many sharps or flats: `2#`, `3b`, `-3`.

    Raises ScoreError for anything else.
    """
    counted = _COUNT.fullmatch(text.strip())
    if counted is not None:
        signed, n, sign = counted.groups()
        return KeySignature(int(signed) if signed else int(n) * SIGNS[sign])
    named = _KEY.fullmatch(text.strip().replace("  ", " "))
    if named is None:
        raise ScoreError(f"{text!r} is no key. Give one like E flat major, Eb, c minor, 3b or 2#.")
    letter, sign, mode = named.groups()
    if letter.islower() and not mode:
        raise ScoreError(f"{text!r} may be major or minor. Say which.")
    is_minor = _MODES.get(mode) == "minor"
    fifths = Spelling(letter.upper(), SIGNS[sign], 4).fifths
    return KeySignature(fifths - _MINOR if is_minor else fifths, "minor" if is_minor else "major")
