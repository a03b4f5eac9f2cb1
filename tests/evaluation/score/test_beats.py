"""Beats against annotated ones."""

from dataclasses import replace

import mir_eval
import numpy as np
import pytest

from pianotrans.datasets.beats import BeatAnnotation
from pianotrans.evaluation.score.beats import score_beats, usual_n_beats
from pianotrans.score.beats.grid import Beat, BeatGrid


def annotated(n_beats: int = 40, per_bar: int = 4, period_s: float = 0.5) -> BeatAnnotation:
    number = np.arange(n_beats)
    return BeatAnnotation(1 + period_s * number, number % per_bar == 0, np.ones(n_beats, dtype=bool))


def grid(times_s, per_bar: int = 4) -> BeatGrid:
    return BeatGrid(
        tuple(Beat(float(t), i // per_bar + 1, i % per_bar, per_bar, 1, 1) for i, t in enumerate(times_s))
    )


def test_the_truth_is_right():
    truth = annotated()
    scores = score_beats(truth, grid(truth.times_s))
    assert (scores.beats, scores.downbeats, scores.cmlt, scores.amlt, scores.bar_right) == (1, 1, 1, 1, 1)


def test_every_other_beat():
    # 32 beats from 5 s on, 16 of which are found: F1 2/3. The level is wrong, which only AMLt allows.
    truth = annotated()
    scores = score_beats(truth, grid(truth.times_s[::2], per_bar=2))
    assert scores.beats == pytest.approx(2 / 3)
    assert (scores.cmlt, scores.amlt) == (0, 1)
    assert (scores.downbeats, scores.bar_right) == (1, 0)


def test_within_70_ms():
    truth = annotated()
    assert score_beats(truth, grid(truth.times_s + 0.069)).beats == 1
    assert score_beats(truth, grid(truth.times_s + 0.071)).beats == 0


def test_the_first_five_seconds_do_not_count():
    truth = annotated()
    assert score_beats(truth, grid(truth.times_s[truth.times_s >= 5])).beats == 1


def test_as_mir_eval_has_it():
    random = np.random.default_rng(4)
    truth = annotated(200)
    found = np.sort(truth.times_s + random.normal(0, 0.06, 200))[random.random(200) < 0.9]
    scores = score_beats(truth, grid(found))
    whole = mir_eval.beat.evaluate(truth.times_s, found)
    assert scores.beats == pytest.approx(whole["F-measure"])
    assert scores.cmlt == pytest.approx(whole["Correct Metric Level Total"])
    assert scores.amlt == pytest.approx(whole["Any Metric Level Total"])


def test_nothing_is_found():
    scores = score_beats(annotated(), BeatGrid())
    assert (scores.beats, scores.downbeats, scores.cmlt, scores.amlt, scores.bar_right) == (0, 0, 0, 0, 0)


def test_nothing_is_annotated():
    empty = BeatAnnotation(np.empty(0), np.empty(0, dtype=bool), np.empty(0, dtype=bool))
    assert score_beats(empty, grid([6.0, 7.0])) is None
    assert usual_n_beats(empty) is None


def test_most_beats_decide_about_the_usual_bar():
    truth = annotated(13, per_bar=3)
    is_downbeat = truth.is_downbeat.copy()
    is_downbeat[[1, 2]] = True  # two bars of one beat, a third of one, and three bars of three beats
    assert usual_n_beats(replace(truth, is_downbeat=is_downbeat)) == 3
