"""Tempo words and metronome marks."""

import math
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from pianotrans.score.beats.notes import Array
from pianotrans.score.notation.directions import Direction
from pianotrans.score.notation.values import NoteValue
from pianotrans.score.score import Measure, Score

_WORDS = (
    *((50, "Largo"), (66, "Adagio"), (76, "Andante"), (92, "Andantino"), (112, "Moderato"), (132, "Allegretto")),
    *((160, "Allegro"), (184, "Vivace"), (math.inf, "Presto")),
)
"""The word for tempi below each number of beats a minute."""
_SHORTEST = 4  # bars for which a tempo holds at least
_CHANGE = 4 * math.log2(1.2) ** 2  # what a change costs: as much as four bars that are 20 % off
_LEAST = math.log2(1.12)  # smaller changes are not marked


def find_tempi(score: Score) -> list[Direction]:
    """The tempo at the beginning, and wherever it changes for four bars or more."""
    bars = [measure for measure in score.measures if measure.end_s > measure.start_s and measure.length > 0]
    if not bars:
        return []
    log_tempo = np.array([math.log2(60 * float(bar.length) / (bar.end_s - bar.start_s)) for bar in bars])
    found: list[Direction] = []
    last = None
    for first, end in _segments(log_tempo):
        quarters = float(np.median(log_tempo[first:end]))
        if last is None or abs(quarters - last) >= _LEAST:
            found.append(_mark(bars[first], 2**quarters, last))
            last = quarters
    return found


def _mark(measure: Measure, quarter_bpm: float, last: float | None) -> Direction:
    bpm = quarter_bpm / float(measure.beat_length)
    if last is None:
        text = next(word for most, word in _WORDS if bpm < most)
    else:
        text = "più mosso" if quarter_bpm > 2**last else "meno mosso"
    words = Element("words", {"font-weight": "bold"})
    words.text = f"{text}\u00a0"  # readers that put the mark behind it leave no space
    metronome = Element("metronome", {"parentheses": "yes"})
    value = NoteValue.of(measure.beat_length)
    if value:
        SubElement(metronome, "beat-unit").text = value.type
        for _ in range(value.n_dots):
            SubElement(metronome, "beat-unit-dot")
        SubElement(metronome, "per-minute").text = str(round(bpm))
    return Direction(measure.position, 1, "above", (words, metronome) if value else (words,), quarter_bpm)


def _segments(values: Array) -> list[tuple[int, int]]:
    """Stretches of nearly equal values, by dynamic programming: squared distances to means, a price for each."""
    n = len(values)
    sums, squares = np.cumsum([0.0, *values]), np.cumsum([0.0, *values**2])
    best, back = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    best[0] = 0
    for end in range(1, n + 1):
        starts = np.arange(0, max(1, end - _SHORTEST + 1))
        length = end - starts
        spread = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / length
        cost = best[starts] + spread + _CHANGE
        back[end] = starts[np.argmin(cost)]
        best[end] = np.min(cost)
    found = []
    end = n
    while end:
        found.append((int(back[end]), end))
        end = int(back[end])
    return found[::-1]
