"""Scores made by hand."""

from fractions import Fraction

import numpy as np

from pianotrans.events import Note, Performance
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
    time = TimeSignature(*signature)
    length = Fraction(4 * time.numerator, time.denominator)
    rows = sorted(rows, key=lambda row: (row[0], row[4].key))
    played = [Note(float(p) + i * 1e-6, float(p + d) + 1, s.key, 64) for i, (p, d, _, _, s) in enumerate(rows)]
    notes = [ScoreNote((i,), p, d, staff, voice, s) for i, (p, d, staff, voice, s) in enumerate(rows)]
    key = KeySignature(fifths)
    measures = [
        Measure(n + 1, n * length, length, time, key, float(n * length), float((n + 1) * length), 1.0)
        for n in range(n_bars)
    ]
    grid = BeatGrid((Beat(0.0, 1, 0, time.n_beats, 1.0, 1.0),) if is_found else ())
    return Score(
        Performance(tuple(played)), grid, _bars(n_bars, time.n_beats, length), tuple(measures), tuple(notes), "Toy"
    )


def _bars(n_bars: int, n_beats: int, length: Fraction) -> BarGrid:
    n = n_bars * n_beats
    bars = tuple(Bar(i + 1, i * n_beats, n_beats, n_beats) for i in range(n_bars))
    return BarGrid(np.arange(n + 1) * float(length / n_beats), bars, np.ones(n), np.ones(n))
