"""Forty minutes of music: 20 000 notes with pedals, beats and a score, for what must stay fast with many notes."""

import random
from fractions import Fraction
from functools import cache

from pianotrans.events import Note, OtherOffset, Pedal, Performance
from pianotrans.score.bars import lay_out_bars
from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.pitch import KeySignature, Spelling
from pianotrans.score.score import Measure, ScoreNote
from tests.views.scores import EngravedScore, measure, page

N_NOTES, LENGTH_S = 20_000, 2400.0
_BEAT_S, _BARS_A_PAGE = 0.6, 4
_LEFT_KEYS, _RIGHT_KEYS = range(36, 60), range(60, 96)
_METER, _KEY = TimeSignature(4, 4), KeySignature(0, "major")


@cache
def long_performance() -> Performance:
    """Two hands that never strike a key while it is down; a note in ten is doubtful."""
    rng = random.Random(0)
    notes: list[Note] = []
    free_s = [0.0] * 128  # when each key is up again
    for i in range(N_NOTES):
        onset_s = round((i + rng.random()) * (LENGTH_S - 2) / N_NOTES, 3)
        keys = _LEFT_KEYS if i % 3 == 0 else _RIGHT_KEYS
        key = rng.choice([key for key in keys if free_s[key] <= onset_s])
        offset_s = free_s[key] = round(onset_s + rng.uniform(0.05, 1.5), 3)
        sureness = rng.uniform(0.3, 0.95) if i % 10 == 0 else rng.uniform(0.95, 1)
        others = (OtherOffset(offset_s + 0.1, 0.2),)
        notes.append(Note(onset_s, offset_s, key, rng.randint(20, 110), 0.8 * sureness, sureness, others))
    candidates = tuple(Note(2.3 * i, 2.3 * i + 0.3, rng.choice(_RIGHT_KEYS), 40, 0.1, 0.2) for i in range(1000))
    pedals = tuple(Pedal(2.4 * i, 2.4 * i + 2, "sustain", 0.9, 0.95) for i in range(1000))
    return Performance(tuple(notes), pedals, LENGTH_S, candidates=candidates)


@cache
def long_score() -> EngravedScore:
    """Its score: a thousand bars of 4/4, with pages."""
    performance = long_performance()
    n_beats = int(LENGTH_S / _BEAT_S)
    grid = BeatGrid(tuple(Beat(_BEAT_S * i, i // 4 + 1, i % 4, 4, 0.9, 0.9) for i in range(n_beats)))
    bars = lay_out_bars(grid, performance.notes[0].onset_s, performance.notes[-1].onset_s)
    times_s = bars.beats_s.tolist()
    measures = tuple(
        Measure(
            bar.number,
            Fraction(bar.first_beat),
            Fraction(bar.n_beats),
            _METER,
            _KEY,
            times_s[bar.first_beat],
            times_s[bar.first_beat + bar.n_beats],
            0.9,
        )
        for bar in bars.bars
    )
    notes = tuple(_written(i, note) for i, note in enumerate(performance.notes))
    ids: list[list[str]] = [[] for _ in measures]
    for note in notes:
        ids[int(note.position / 4)].append(f"n{note.performed[0]}")
    pages = tuple(
        page(*(measure(i, *ids[first + i]) for i in range(min(_BARS_A_PAGE, len(ids) - first))))
        for first in range(0, len(ids), _BARS_A_PAGE)
    )
    return EngravedScore(performance, grid, bars, measures, notes, "long", pages)


def _written(i: int, note: Note) -> ScoreNote:
    position = Fraction(int(4 * note.onset_s / _BEAT_S), 4)
    place = (7 * note.key + 1) % 12 - 1  # of the line of fifths, from F to A sharp
    return ScoreNote(
        (i,), position, Fraction(1, 4), 2 if note.key in _LEFT_KEYS else 1, 1, Spelling.of(note.key, place)
    )
