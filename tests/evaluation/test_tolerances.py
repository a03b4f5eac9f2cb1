"""F1 by tolerance against mir_eval, which matches anew at each."""

import mir_eval
import numpy as np
import pytest

from pianotrans.evaluation import Evaluation, EvaluationSettings, score_piece
from pianotrans.evaluation.tables import EventTable
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S, ToleranceSweep

from .making import crowd, heard, note, performance, table


def n_matched(ref: EventTable, est: EventTable, **tolerances: float | None) -> int:
    sides = [value for one in (ref, est) for value in (one.spans_s, mir_eval.util.midi_to_hz(one.keys))]
    return len(mir_eval.transcription.match_notes(*sides, **tolerances))


@pytest.mark.parametrize("seed", range(4))
def test_as_mir_eval_at_every_tolerance(seed):
    """Notes on few keys at multiples of 10 ms: many could match many, and distances are just at the tolerance."""
    played = crowd(seed, n_notes=120, duration_s=6.0)
    ref = EventTable.of_notes(played)
    for est in (EventTable.of_notes(heard(played, seed)), EventTable.of_notes(crowd(seed + 9, 100, 6.0))):
        sweep = ToleranceSweep.of(ref, est, onset_tolerance_s=0.05)
        by_onset = [n_matched(ref, est, onset_tolerance=one, offset_ratio=None) for one in ONSET_TOLERANCES_S]
        by_offset = [
            n_matched(ref, est, onset_tolerance=0.05, offset_ratio=0.0, offset_min_tolerance=one)
            for one in OFFSET_TOLERANCES_S
        ]
        assert sweep.n_onset.tolist() == by_onset
        assert sweep.n_offset.tolist() == by_offset


def test_by_hand():
    ref = table(note(1.0, 2.0), note(3.0, 4.0), note(5.0, 6.0))
    est = table(note(1.035, 2.1), note(3.0, 4.03))
    sweep = ToleranceSweep.of(ref, est, onset_tolerance_s=0.05)
    assert sweep.n_onset.tolist() == [1, 1, 1, 2, 2, 2, 2, 2, 2, 2]
    assert sweep.n_offset.tolist() == [0, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    assert sweep.onset_f1[-1] == pytest.approx(4 / 5)


def test_the_mean_is_over_pieces_that_have_notes():
    settings = EvaluationSettings()
    one = performance(note(1, 2))
    pieces = tuple(score_piece(ref, est, settings) for ref, est in ((one, one), (one, performance())))
    silent = score_piece(performance(), one, settings)
    onset, offset = Evaluation(settings, (*pieces, silent)).sweep()
    assert np.all(onset == 0.5)
    assert np.all(offset == 0.5)
    assert Evaluation(settings, (silent,)).sweep() is None
