"""How pitches are written: spellings and keys, on the line of fifths."""

from dataclasses import dataclass
from typing import Literal

from pianotrans.errors import ScoreError

Mode = Literal["major", "minor"]

_STEPS = "FCGDAEB"  # in fifths; F is -1 on the line, C is 0
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """A written pitch: a letter, how many semitones it is raised (-2…2), and an octave (C4 is middle C)."""

    step: str
    alter: int
    octave: int

    @classmethod
    def of(cls, key: int, fifths: int) -> "Spelling":
        """How the MIDI number `key` is written at a place of the line of fifths: 0 is C, 1 G, -1 F, 6 F sharp.

        Raises ScoreError where the place has another pitch class, or needs more than two signs.
        """
        alter, place = divmod(fifths + 1, 7)
        step = _STEPS[place]
        octave, rest = divmod(key - _SEMITONES[step] - alter, 12)
        if rest or not -2 <= alter <= 2:
            raise ScoreError(f"key {key}: cannot be written at place {fifths} of the line of fifths.")
        return cls(step, alter, octave - 1)

    @property
    def key(self) -> int:
        """The MIDI number."""
        return 12 * (self.octave + 1) + _SEMITONES[self.step] + self.alter

    @property
    def fifths(self) -> int:
        """The place on the line of fifths: C 0, G 1, F -1, F sharp 6."""
        return _STEPS.index(self.step) - 1 + 7 * self.alter

    @property
    def name(self) -> str:
        """Its name with # and b: Eb4."""
        return f"{self.step}{_SIGNS[self.alter]}{self.octave}"


@dataclass(frozen=True, slots=True)
class KeySignature:
    """`fifths` sharps, or minus as many flats; `mode` is None where it is not known.

    Raises ScoreError for more than seven.
    """

    fifths: int
    mode: Mode | None = None

    def __post_init__(self) -> None:
        if not -7 <= self.fifths <= 7:
            raise ScoreError(f"key signature of {self.fifths} fifths: give -7 (flats) to 7 (sharps).")

    @property
    def name(self) -> str:
        """Its name, such as E flat major; without a mode, that of the major key."""
        place, mode = (self.fifths + 3, "minor") if self.mode == "minor" else (self.fifths, "major")
        alter, step = divmod(place + 1, 7)
        sign = {-1: " flat", 0: "", 1: " sharp"}[alter]
        return f"{_STEPS[step]}{sign} {mode}"
