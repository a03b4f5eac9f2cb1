"""How velocities follow the reference's: against the normal equations, and Pearson's correlation of ranks."""

import numpy as np
import pytest

from pianotrans.evaluation import Evaluation, EvaluationSettings, score_piece

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()


def ranks(values):
    return np.array([np.sum(values < one) + (np.sum(values == one) + 1) / 2 for one in values])


@pytest.mark.parametrize("seed", range(3))
def test_against_the_normal_equations_and_ranks(seed):
    rng = np.random.default_rng(seed)
    true, found = rng.integers(1, 128, (2, 30))
    played = [note(i, i + 0.5, velocity=int(v)) for i, v in enumerate(true)]
    estimate = [note(i, i + 0.5, velocity=int(v)) for i, v in enumerate(found)]
    fit = score_piece(performance(*played), performance(*estimate, note(50, 51)), SETTINGS).details.velocity
    (slope, intercept), (residual, *_), *_ = np.linalg.lstsq(np.stack([true, np.ones(30)], 1), found, rcond=None)
    assert fit.n_notes == 30
    assert (fit.slope, fit.intercept) == pytest.approx((slope, intercept))
    assert fit.residual == pytest.approx(np.sqrt(residual / 30))
    assert fit.rank_correlation == pytest.approx(np.corrcoef(ranks(true), ranks(found))[0, 1])


def test_half_as_loud_and_twenty_more_is_a_line():
    played = crowd(1, n_notes=100, duration_s=60.0, n_keys=40)
    fit = score_piece(played, heard(played, 1), SETTINGS).details.velocity
    assert (fit.slope, fit.intercept) == (pytest.approx(0.5, abs=0.01), pytest.approx(20, abs=1))
    assert fit.residual < 1
    assert fit.rank_correlation > 0.99


def test_what_cannot_be_fitted():
    def fit(*velocities, **known):
        sides = (performance(*(note(i, i + 0.5, velocity=v) for i, v in enumerate(side))) for side in velocities)
        return score_piece(*sides, SETTINGS, **known)

    assert (
        fit(
            (1, 2),
            (),
        ).details.velocity
        is None
    ), "no matched notes"
    assert fit((1, 2), (1, 2), knows_velocity=False).details.velocity is None
    constant = fit((60, 60), (10, 20)).details.velocity
    assert (constant.n_notes, constant.slope, constant.rank_correlation) == (2, None, None)
    level = fit((10, 20), (60, 60)).details.velocity
    assert (level.slope, level.intercept, level.rank_correlation) == (0.0, 60.0, None)
    mean = Evaluation(SETTINGS, (fit((60, 60), (10, 20)), fit((10, 20), (20, 40)))).velocity()
    assert (mean.n_notes, mean.slope) == (4, pytest.approx(2))
