"""The shipped weights on music."""

import numpy as np
import pytest

from pianotrans.datasets.asap import list_asap
from pianotrans.evaluation.score import score_beats
from pianotrans.events import Note, Performance
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature
from pianotrans.score.models import load_beat_tracker


def accompaniment(n_in_bar: int) -> Performance:
    """A bass on each downbeat, chords on the other beats, another harmony in each bar."""
    roots = (0, 5, 7, 0, 9, 2, 7, 0)
    notes = []
    for bar in range(24):
        root, start_s = 48 + roots[bar % 8], 0.5 * n_in_bar * bar
        notes.append(Note(start_s, start_s + 0.45, root - 12, 75))
        for beat in range(1, n_in_bar):
            at_s = start_s + 0.5 * beat
            notes += [Note(at_s, at_s + 0.3, key, 55) for key in (root + 4, root + 7, root + 12)]
    return Performance(tuple(notes))


@pytest.mark.parametrize("n_in_bar", [3, 4])
def test_an_accompaniment(n_in_bar: int):
    beats = GivenBeats(0.5 * np.arange(24 * n_in_bar))
    grid = load_beat_tracker().find(accompaniment(n_in_bar), BeatHints(beats=beats))
    assert grid.usual_n_beats == n_in_bar
    assert np.mean(grid.is_downbeat == (np.arange(len(grid.beats)) % n_in_bar == 0)) == 1


@pytest.mark.shared
@pytest.mark.parametrize("name", ["Bach__Fugue__bwv_858__Zhang01M", "Bach__Fugue__bwv_873__Lisiecki02"])
def test_bars_of_test_pieces(shared, name: str):
    piece = next(piece for piece in list_asap(shared / "asap") if piece.name == name)
    tracker, performance = load_beat_tracker(), piece.load()
    scores = score_beats(piece.beats, tracker.find(performance))
    assert scores.bar_right
    assert scores.downbeats > 0.9
    another_s = float(piece.beats.times_s[~piece.beats.is_downbeat][40])
    given = tracker.find(performance, BeatHints(downbeats_s=(another_s,)))
    assert np.min(np.abs(given.downbeats_s - another_s)) <= 0.07
    fours = BeatHints(meters=((1, TimeSignature(4, 4)),))
    assert {beat.n_beats for beat in tracker.find(performance, fours).beats} == {4}
