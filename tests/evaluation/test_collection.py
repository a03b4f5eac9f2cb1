"""Means over pieces, pools of notes, and pieces that do not count."""

import numpy as np
import pytest

from pianotrans.evaluation import Column, Evaluation, EvaluationSettings, columns, score_piece
from pianotrans.events import Pedal

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()


def evaluation(*pieces) -> Evaluation:
    scored = [score_piece(ref, est, SETTINGS, name=f"piece {i}") for i, (ref, est) in enumerate(pieces)]
    return Evaluation(SETTINGS, tuple(scored))


def summary_of(one: Evaluation):
    return {summary.column: summary for summary in one.summary()}


def test_mean_and_pooled_differ_where_pieces_differ_in_length():
    one = note(1, 2)
    long = performance(*(note(i, i + 0.5) for i in range(9)))
    summary = summary_of(evaluation((performance(one), performance()), (long, long)))[Column("keys", "onset")]
    assert (summary.precision, summary.recall, summary.f1) == (0.5, 0.5, 0.5)
    assert summary.pooled.recall == pytest.approx(0.9)
    assert summary.pooled.precision == 1.0
    assert summary.overlap_ratio == 1.0  # of the piece that has any
    assert summary.f1_interval == (0.0, 1.0)


def test_the_mean_is_numpys_over_random_pieces():
    played = [crowd(seed, n_notes=20, duration_s=10.0) for seed in range(6)]
    whole = evaluation(*((one, heard(one, seed)) for seed, one in enumerate(played)))
    for column, summary in summary_of(whole).items():
        defined = [piece.scores[column] for piece in whole.pieces if piece.scores[column].is_defined]
        assert summary.n_pieces == len(defined)
        if defined:
            assert summary.f1 == pytest.approx(np.mean([score.f1 for score in defined]))
            assert summary.f1_interval is None or summary.f1_interval.low <= summary.f1 <= summary.f1_interval.high


def test_pieces_without_the_pedal_do_not_count():
    pedal = Pedal(0.5, 1.5, "sustain")
    with_pedal, without = performance(note(1, 2), pedal), performance(note(1, 2))
    summary = summary_of(evaluation((with_pedal, with_pedal), (without, with_pedal)))
    sustain = summary[Column("sustain pedal", "onset")]
    assert (sustain.n_pieces, sustain.f1, sustain.pooled.estimate, sustain.f1_interval) == (1, 1.0, 1, None)
    soft = summary[Column("soft pedal", "onset")]
    assert (soft.n_pieces, soft.f1, soft.pooled) == (0, None, None)


def test_no_pieces():
    nothing = Evaluation(SETTINGS, ())
    assert [one.column for one in nothing.summary()] == list(columns(SETTINGS))
    assert {one.f1 for one in nothing.summary()} == {None}
    assert nothing.bands("keys") == ()
    assert set(nothing.mistakes().values()) == {0}


def test_mistakes_and_bands_are_of_all_pieces():
    one = performance(note(1, 2))
    whole = evaluation((one, performance()), (performance(), one), (one, one))
    assert (whole.mistakes()["missed"], whole.mistakes()["extra"]) == (1, 1)
    assert (whole.bands("keys")[0].n_reference, whole.bands("keys")[0].n_matched) == (2, 1)
