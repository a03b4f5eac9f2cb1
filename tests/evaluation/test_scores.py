"""Precision, recall and F1 from amounts, of one piece and pooled."""

import mir_eval
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.evaluation import FScore


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_f1_is_mir_evals(matched, more_reference, more_estimate):
    score = FScore(matched, matched + more_reference, matched + more_estimate)
    assert score.f1 == pytest.approx(mir_eval.util.f_measure(score.precision, score.recall))


def test_nothing_is_not_defined():
    assert not FScore(0, 0, 5).is_defined
    assert (FScore(0, 0, 0).precision, FScore(0, 0, 0).recall, FScore(0, 0, 0).f1) == (0.0, 0.0, 0.0)
    assert FScore(0, 5, 0).is_defined


def test_pooling_adds_amounts_and_weighs_overlaps_by_matches():
    pooled = FScore.pooled([FScore(1, 2, 4, 0.5), FScore(3, 3, 3, 0.9), FScore(0, 1, 0, None)])
    assert (pooled.matched, pooled.reference, pooled.estimate) == (4, 6, 7)
    assert pooled.overlap_ratio == pytest.approx((0.5 + 3 * 0.9) / 4)


def test_pooling_nothing():
    assert FScore.pooled([]) == FScore(0, 0, 0, None)
    assert FScore.pooled([FScore(0, 1, 1, None)]).overlap_ratio is None
