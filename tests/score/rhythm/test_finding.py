"""Positions and time signatures of performances whose rhythm is known."""

from fractions import Fraction

import numpy as np
import pytest

from pianotrans.events import Note, Performance
from pianotrans.score.bars import Bar, BarGrid
from pianotrans.score.beats.hints import TimeSignature
from pianotrans.score.hands.hands import Hands
from pianotrans.score.rhythm.finding import find_positions
from pianotrans.score.rhythm.model import calibrate
from pianotrans.score.rhythm.signatures import choose_signatures
from pianotrans.score.settings import ScoreSettings

RHYTHMS = {
    "quarters": ["0"],
    "eighths": ["0", "1/2"],
    "triplets": ["0", "1/3", "2/3"],
    "sixteenths": ["0", "1/4", "1/2", "3/4"],
    "dotted": ["0", "3/4"],
    "sextuplets": ["0", "1/6", "1/3", "1/2", "2/3", "5/6"],
    "quintuplets": ["0", "1/5", "2/5", "3/5", "4/5"],
}


def bars_of(n_bars: int, n_beats: int, period_s: float) -> BarGrid:
    n = n_bars * n_beats
    bars = tuple(Bar(i + 1, i * n_beats, n_beats, n_beats) for i in range(n_bars))
    return BarGrid(np.arange(n + 1) * period_s, bars, np.ones(n), np.ones(n))


def play(onsets: list[Fraction], bars: BarGrid, *, key: int = 72) -> Performance:
    times_s = bars.time_at(np.array([float(x) for x in onsets]))
    return Performance(tuple(Note(t, t + 0.1, key + i % 5, 70) for i, t in enumerate(times_s.tolist())))


def right_hand(performance: Performance) -> Hands:
    n = len(performance.notes)
    return Hands(np.ones(n, dtype=np.int64), np.ones(n))


@pytest.mark.parametrize("rhythm", RHYTHMS)
@pytest.mark.parametrize("period_s", [0.6, 0.9])
def test_a_metronomic_performance_gives_its_rhythm_back(rhythm: str, period_s: float):
    bars = bars_of(4, 4, period_s)
    onsets = [b + Fraction(x) for b in range(16) for x in RHYTHMS[rhythm]]
    performance = play(onsets, bars)
    positions = find_positions(performance, bars, right_hand(performance), ScoreSettings())
    assert list(positions.onset) == onsets
    assert not positions.is_grace.any()


@pytest.mark.parametrize(("n_beats", "expected"), [(2, "6/8"), (3, "9/8"), (4, "12/8")])
def test_beats_in_three_are_compound(n_beats: int, expected: str):
    bars = bars_of(8, n_beats, 0.7)
    onsets = [b + Fraction(x) for b in range(bars.n_beats) for x in RHYTHMS["triplets"]]
    performance = play(onsets, bars)
    positions = find_positions(performance, bars, right_hand(performance), ScoreSettings())
    assert {str(signature) for signature in choose_signatures(bars, positions)} == {expected}


def test_given_signatures_are_taken():
    bars = bars_of(4, 2, 0.5)
    performance = play([Fraction(b) for b in range(8)], bars)
    positions = find_positions(performance, bars, right_hand(performance), ScoreSettings())
    given = ((1, TimeSignature(2, 2)), (3, TimeSignature(2, 8)))
    assert [str(s) for s in choose_signatures(bars, positions, given)] == ["2/2", "2/2", "2/8", "2/8"]


@pytest.mark.parametrize("n_notes", [0, 1, 3])
def test_few_notes(n_notes: int):
    bars = bars_of(1, 4, 0.5)
    performance = play([Fraction(b) for b in range(n_notes)], bars)
    positions = find_positions(performance, bars, right_hand(performance), ScoreSettings())
    assert positions.onset == tuple(Fraction(b) for b in range(n_notes))


def test_a_cadenza_keeps_the_signature_before_it():
    n = [4, 4, 20, 4]
    starts = [sum(n[:i]) for i in range(len(n))]
    bars = tuple(Bar(i + 1, start, beats, beats) for i, (start, beats) in enumerate(zip(starts, n, strict=True)))
    grid = BarGrid(np.arange(33) * 0.6, bars, np.ones(32), np.ones(32))
    performance = play([Fraction(b) for b in range(32)], grid)
    positions = find_positions(performance, grid, right_hand(performance), ScoreSettings())
    assert [str(signature) for signature in choose_signatures(grid, positions)] == ["4/4"] * 4


@pytest.mark.slow
def test_one_note_repeated_for_ten_minutes():
    bars = bars_of(300, 4, 0.5)
    onsets = [Fraction(b, 2) for b in range(2400)]
    times_s = bars.time_at(np.array([float(x) for x in onsets]))
    performance = Performance(tuple(Note(t, t + 0.1, 60, 70) for t in times_s.tolist()))
    positions = find_positions(performance, bars, right_hand(performance), ScoreSettings())
    assert list(positions.onset) == onsets


def test_confidence_is_a_probability_that_grows_with_agreement():
    share = np.array([0.0, 0.1, 0.5, 0.9, 0.99, 1.0])
    confidence = calibrate(share)
    assert np.all(np.diff(confidence) > 0)
    assert np.all((confidence > 0) & (confidence < 1))
    assert confidence[2] < 0.5 < confidence[4] < share[4]
