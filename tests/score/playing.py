"""Performances whose score is known."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pianotrans.events import Note, Performance
from pianotrans.score.beats.hints import BeatHints, TimeSignature
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.settings import ScoreSettings

BPM = 90.0

# Of one bar each, in quarter notes: where the notes of the melody begin. The bass has one note on every beat.
MELODIES = {
    "2/4": ("0", "1/2", "1", "3/2"),
    "3/4": ("0", "1", "3/2", "2"),
    "4/4": ("0", "1", "3/2", "2", "3", "7/2"),
    "6/8": ("0", "1/2", "1", "3/2", "2", "5/2"),
}
_TUNE = (72, 74, 76, 77, 79, 77, 76, 74, 72, 71, 72, 76, 79, 84, 83, 79)
_BASS = (48, 52, 43, 47)


@dataclass(frozen=True)
class Written:
    """A note of a known score: quarter notes from the beginning, the next onset of its hand ends it."""

    position: Fraction
    duration: Fraction
    key: int
    staff: int


def compose(meter: str, n_bars: int, transposition: int = 0) -> tuple[Written, ...]:
    """A tune in C major over a bass, transposed by semitones."""
    signature = parse(meter)
    length = Fraction(4 * signature.numerator, signature.denominator)
    beat = length / signature.n_beats
    tune = [bar * length + Fraction(x) for bar in range(n_bars) for x in MELODIES[meter]]
    bass = [i * beat for i in range(n_bars * signature.n_beats)]
    end = n_bars * length
    return tuple(
        Written(at, following - at, keys[i % len(keys)] + transposition, staff)
        for staff, keys, onsets in ((RIGHT, _TUNE, tune), (LEFT, _BASS, bass))
        for i, (at, following) in enumerate(zip(onsets, [*onsets[1:], end], strict=True))
    )


def play(written: tuple[Written, ...], quarter_s: float, start_s: float = 0.5) -> Performance:
    """As a metronome would play it, the first beat of the bass louder."""
    notes = [
        Note(
            start_s + float(note.position) * quarter_s,
            start_s + (float(note.position) + 0.95 * float(note.duration)) * quarter_s,
            note.key,
            60 + 10 * (note.staff == LEFT),
        )
        for note in written
    ]
    return Performance(tuple(sorted(notes, key=lambda note: (note.onset_s, note.key))))


def parse(meter: str) -> TimeSignature:
    return TimeSignature(*map(int, meter.split("/")))


def known(meter: str) -> ScoreSettings:
    """Tempo and meter as hints, and that the first beat is the first of a bar."""
    return ScoreSettings(BeatHints(bpm=BPM, meters=((1, parse(meter)),), pickup=0))


def quarter_s(meter: str) -> float:
    """The length of a quarter note at BPM beats a minute."""
    signature = parse(meter)
    return 60 / BPM * signature.n_beats * signature.denominator / (4 * signature.numerator)


def random_performance(n_notes: int, duration_s: float, seed: int = 0) -> Performance:
    """Notes at any time, of any key: no meter."""
    rng = np.random.default_rng(seed)
    onsets_s = np.sort(rng.uniform(0, duration_s, n_notes))
    keys, velocities = rng.integers(36, 96, n_notes), rng.integers(30, 100, n_notes)
    lengths_s = rng.uniform(0.05, 0.8, n_notes)
    rows = zip(onsets_s.tolist(), lengths_s.tolist(), keys.tolist(), velocities.tolist(), strict=True)
    return Performance(tuple(Note(t, t + length, key, v) for t, length, key, v in rows))
