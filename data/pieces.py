"""The three pieces of the sample clips: the notes as printed, and how we want them played.

The music is in the public domain; it was entered here by hand. A line of music is a row of `pitch:units`
(one unit when left out), `-` for a rest, `+` between the keys of a chord, `|` for a bar line. Beats are
quarters, counted from the first full bar; an upbeat has negative beats.
"""

import re
from dataclasses import dataclass

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class ScoreNote:
    """One printed note; `part` names the voice it belongs to."""

    beat: float
    beats: float
    pitch: int
    part: str


@dataclass(frozen=True)
class Piece:
    """A score and its interpretation. Curves are (beat, value) corners joined by straight lines."""

    name: str
    title: str
    audio_suffix: str
    seed: int
    bar_beats: float
    notes: tuple[ScoreNote, ...]
    tempo: tuple[tuple[float, float], ...]  # quarters per minute
    dynamics: tuple[tuple[float, float], ...]  # velocity
    voicing: dict[str, float]  # part -> added velocity
    sustain: tuple[tuple[float, float], ...]  # (down, up) in beats
    soft: tuple[tuple[float, float], ...] = ()


def parse_pitch(name: str) -> int:
    """`C4` is 60, `F#4` is 66."""
    match = re.fullmatch(r"([A-G])(#?)(\d)", name)
    if match is None:
        raise ValueError(f"{name!r} is not a pitch; write it like C4 or F#4")
    return 12 * (int(match[3]) + 1) + _STEPS[match[1]] + len(match[2])


def parse_line(text: str, part: str, *, unit: float, bar_beats: float, beat: float = 0.0) -> list[ScoreNote]:
    """Read one line of music that begins at `beat`; refuses bars that do not add up."""
    notes = []
    for token in text.split():
        if token == "|":
            if beat % bar_beats:
                raise ValueError(f"{part}: bar line at beat {beat}, bars have {bar_beats} beats")
            continue
        keys, _, units = token.partition(":")
        beats = unit * float(units or 1)
        if keys != "-":
            notes += [ScoreNote(beat, beats, parse_pitch(key), part) for key in keys.split("+")]
        beat += beats
    return notes


def bach_prelude() -> Piece:
    """Bars 1 to 4: each bar is one broken chord of five notes, played twice."""
    chords = ("C4 E4 G4 C5 E5", "C4 D4 A4 D5 F5", "B3 D4 G4 D5 F5", "C4 E4 G4 C5 E5")
    notes: list[ScoreNote] = []
    for half, chord in enumerate(chord for chord in chords for _ in range(2)):
        bass, tenor, low, middle, high = (parse_pitch(name) for name in chord.split())
        beat = 2.0 * half
        notes += [ScoreNote(beat, 2.0, bass, "bass"), ScoreNote(beat + 0.25, 1.75, tenor, "tenor")]
        for i, pitch in enumerate((low, middle, high, low, middle, high)):
            part = "top" if pitch == high else "inner"
            notes.append(ScoreNote(beat + 0.5 + 0.25 * i, 0.25, pitch, part))
    return Piece(
        name="bach_prelude",
        title="J. S. Bach: Prelude in C major BWV 846, bars 1-4",
        audio_suffix=".ogg",
        seed=846,
        bar_beats=4,
        notes=tuple(notes),
        tempo=((0, 63), (1.5, 69), (7, 71), (8, 67), (10, 71), (13, 68), (15, 60), (15.75, 48), (18, 48)),
        dynamics=((0, 50), (4, 55), (8, 62), (11, 64), (12, 58), (16, 44)),
        voicing={"bass": 4, "tenor": -4, "inner": -7, "top": 5},
        sustain=((0, 4), (4, 8), (8, 12), (12, 18)),
    )


def satie_gymnopedie() -> Piece:
    """Bars 3 to 9: two bars of swaying chords, then the first phrase of the melody.

    The bass notes are printed as three beats; the hand has to leave them for the chord, the pedal holds them.
    """
    g, d = "G2:0.9 -:0.1 B3+D4+F#4:2 |", "D2:0.9 -:0.1 A3+C#4+F#4:2 |"
    left = parse_line(f"{g} {d} {g} {d} {g} {d} {g}", "chord", unit=1, bar_beats=3)
    right = "-:3 | -:3 | - F#5 A5 | G5 F#5 C#5 | B4 C#5 D5 | A4:3 | F#4:3 |"
    return Piece(
        name="satie_gymnopedie",
        title="Erik Satie: Gymnopedie No. 1, bars 3-9",
        audio_suffix=".mp3",
        seed=1888,
        bar_beats=3,
        notes=(*left, *parse_line(right, "melody", unit=1, bar_beats=3)),
        tempo=(
            (0, 68),
            (2, 75),
            (6, 74),
            (7, 71),
            (10, 79),
            (14, 77),
            (15, 72),
            (18, 68),
            (19, 66),
            (21, 62),
        ),
        dynamics=((0, 36), (6, 38), (9, 46), (11, 47), (15, 40), (18, 36), (21, 32)),
        voicing={"chord": -4, "melody": 14},
        sustain=((0, 3), (3, 6), (6, 9), (9, 12), (12, 15), (15, 18), (18, 21)),
        soft=((-0.4, 6.5), (17.5, 21)),
    )


def beethoven_fur_elise() -> Piece:
    """The upbeat and bars 1 to 8, ending on the first close in A minor."""
    right = """E5 D#5 | E5 D#5 E5 B4 D5 C5 | A4:2 - C4 E4 A4 | B4:2 - E4 G#4 B4 | C5:2 - E4 E5 D#5
        | E5 D#5 E5 B4 D5 C5 | A4:2 - C4 E4 A4 | B4:2 - E4 C5 B4 | A4:8"""
    a, e = "A2 E3 A3 -:3 |", "E2 E3 G#3 -:3 |"
    left = f"-:2 | -:6 | {a} {e} {a} -:6 | {a} {e} A2 E3 A3:6"
    line = {"unit": 0.25, "bar_beats": 1.5, "beat": -0.5}
    return Piece(
        name="beethoven_fur_elise",
        title="Ludwig van Beethoven: Bagatelle in A minor WoO 59, bars 1-8",
        audio_suffix=".flac",
        seed=59,
        bar_beats=1.5,
        notes=(*parse_line(right, "melody", **line), *parse_line(left, "left", **line)),
        tempo=(
            (-0.5, 56),
            (0, 66),
            (1.5, 71),
            (4.5, 70),
            (5.5, 62),
            (6, 66),
            (7.5, 72),
            (9.5, 66),
            (10.5, 52),
            (13, 44),
        ),
        dynamics=(
            (-0.5, 46),
            (0.5, 54),
            (1.5, 58),
            (3, 60),
            (4.5, 62),
            (6, 50),
            (7.5, 56),
            (9, 57),
            (10.5, 42),
        ),
        voicing={"melody": 5, "left": -8},
        sustain=((1.5, 3), (3, 4.5), (4.5, 5.4), (7.5, 9), (9, 10.5), (10.5, 12.5)),
    )


PIECES = (bach_prelude(), satie_gymnopedie(), beethoven_fur_elise())
