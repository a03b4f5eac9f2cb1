"""Scores made by hand, at 60 quarter notes a minute."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from pianotrans.events import Note, Pedal, Performance
from pianotrans.score.bars import Bar, BarGrid
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.score import Measure, Score, ScoreNote

Row = tuple[Fraction, Fraction, int, int, Spelling]
"""Position, duration, staff, voice, spelling."""


def make_toy(
    signature: tuple[int, int], n_bars: int, rows: list[Row], *, fifths: int = 0, is_found: bool = True
) -> Score:
    bars = [(signature, fifths, None)] * n_bars
    notes = [ScoreNote((0,), *row) for row in rows]
    return make_score_of(bars, notes, is_found=is_found)


def make_score_of(
    bars: Sequence[tuple[tuple[int, int], int, Fraction | None]],
    notes: Sequence[ScoreNote],
    *,
    pedals: Sequence[tuple[float, float]] = (),
    velocities: Sequence[int] = (),
    is_found: bool = True,
    seconds: Sequence[float] = (),
) -> Score:
    """A score of bars, each with a time signature, a number of sharps and perhaps a length, and of notes.

    A first bar with a length is a pickup. `performed` of the notes is filled in, in order of position; grace notes
    are played before the others. `seconds` are how long each bar takes.
    """
    notes = sorted(notes, key=lambda note: (note.position, not note.is_grace, note.spelling.key))
    measures: list[Measure] = []
    position, start_s = Fraction(0), 0.0
    is_pickup = bars[0][2] is not None
    for n, (signature, fifths, length) in enumerate(bars):
        time = TimeSignature(*signature)
        length = length or Fraction(4 * time.numerator, time.denominator)
        end_s = start_s + (seconds[n] if seconds else float(length))
        number = n if is_pickup else n + 1
        measures.append(Measure(number, position, length, time, KeySignature(fifths), start_s, end_s, 1.0))
        position, start_s = position + length, end_s
    rows = [(float(m.position), m.start_s) for m in measures] + [(float(position), start_s)]
    places, times_s = zip(*rows, strict=True)

    def time_s(place: Fraction) -> float:
        return float(np.interp(float(place), places, times_s))

    played = []
    for i, note in enumerate(notes):
        before_s = 0.05 * sum(other.is_grace and other.position == note.position for other in notes[i:])
        onset_s = time_s(note.position) + 1 - before_s + i * 1e-6
        played.append(Note(onset_s, onset_s + 0.5, note.spelling.key, velocities[i] if velocities else 64))
    performance = Performance(tuple(played), tuple(Pedal(start + 1, end + 1, "sustain") for start, end in pedals))
    measures = [replace(m, start_s=m.start_s + 1, end_s=m.end_s + 1) for m in measures]
    grid = BeatGrid(_beats(measures) if is_found else ())
    written = [replace(note, performed=(i,)) for i, note in enumerate(notes)]
    return Score(performance, grid, _bar_grid(measures), tuple(measures), tuple(written), "Toy")


def _bar_grid(measures: list[Measure]) -> BarGrid:
    bars, beats_s = [], []
    for m in measures:
        n_beats = max(1, int(m.length / m.beat_length))
        bars.append(Bar(m.number, len(beats_s), n_beats, m.time_signature.n_beats))
        beats_s += [m.start_s + i * (m.end_s - m.start_s) / n_beats for i in range(n_beats)]
    beats_s.append(measures[-1].end_s)
    ones = np.ones(len(beats_s) - 1)
    return BarGrid(np.array(beats_s), tuple(bars), ones, ones)


def _beats(measures: Sequence[Measure]) -> tuple[Beat, ...]:
    """Certain beats, at both ends."""
    times_s = (measures[0].start_s, measures[-1].end_s)
    return tuple(Beat(time_s, 1, 0, 1, 1.0, 1.0) for time_s in times_s)
