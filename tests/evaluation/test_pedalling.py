"""The sustain pedal as a curve: by hand, and against a fine grid."""

import io

import mido
import numpy as np
import pytest

from pianotrans.evaluation import Evaluation, EvaluationSettings, evaluate, score_piece
from pianotrans.evaluation.pedalling import Pedalling
from pianotrans.evaluation.scores import FScore
from pianotrans.events import Pedal, PedalCurve, load_pedal_curve

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()
STROKES = FScore(1, 2, 3)


def curve(*moves: tuple[float, float]) -> PedalCurve:
    return PedalCurve.of_moves(moves)


def test_by_hand():
    """Down for 1 s, half down below 64 for 2 s; the estimate is down for 1.5 s, half of it too early."""
    reference = curve((1.0, 127), (2.0, 50), (4.0, 0))
    estimate = curve((0.25, 127), (1.75, 0))
    found = Pedalling.of(reference, estimate, (0.0, 10.0), STROKES)
    assert found.shares() == pytest.approx(
        {
            "reference_down": 0.1,
            "estimate_down": 0.15,
            "reference_half": 0.2,
            "mean_absolute_error": (0.75 + 0.25 + 2 * 50 / 127) / 10,
        }
    )
    assert (found.strokes.recall, found.strokes.precision) == (pytest.approx(1 / 2), pytest.approx(1 / 3))


@pytest.mark.parametrize("seed", range(5))
def test_random_curves_on_a_fine_grid(seed):
    rng = np.random.default_rng(seed)
    sides = [
        curve(*zip(np.sort(rng.integers(0, 1000, 40)) / 100, rng.integers(0, 128, 40), strict=True)) for _ in "re"
    ]
    found = Pedalling.of(*sides, (2.0, 9.0), STROKES)
    grid_s = np.arange(2.0, 9.0, 0.01) + 0.005  # between the moves, which are at multiples of 10 ms
    ref, est = (np.array([value_at(one, time_s) for time_s in grid_s]) for one in sides)
    assert found.shares() == pytest.approx(
        {
            "reference_down": (ref >= 64).mean(),
            "estimate_down": (est >= 64).mean(),
            "reference_half": ((ref >= 13) & (ref < 115)).mean(),
            "mean_absolute_error": np.abs(ref - est).mean() / 127,
        }
    )


def value_at(one: PedalCurve, time_s: float) -> float:
    before = [value for at_s, value in zip(one.times_s, one.values, strict=True) if at_s <= time_s]
    return before[-1] if before else 0.0


def test_pieces_add_up_by_their_length():
    one, other = (Pedalling.of(curve((1, 127), (2, 0)), curve(), (0, end_s), STROKES) for end_s in (2.0, 8.0))
    assert Pedalling.pooled([one, other]).shares()["reference_down"] == pytest.approx(0.2)


def test_half_pedals_of_a_file_are_kept(tmp_path):
    """A pedal that rests at 50 is never down by its intervals, and by its curve half down."""
    track = mido.MidiTrack([mido.Message("note_on", note=60, velocity=64)])
    for ticks, value in ((480, 50), (480, 0)):
        track.append(mido.Message("control_change", control=64, value=value, time=ticks))
    track.append(mido.Message("note_off", note=60, time=960))
    mido.MidiFile(tracks=[track]).save(tmp_path / "half.mid")
    performance(note(0, 2), Pedal(0.5, 1.0, "sustain")).save(tmp_path / "whole.mid")
    found = evaluate(tmp_path / "half.mid", tmp_path / "whole.mid").pieces[0].details.pedalling
    shares = found.shares()
    assert shares["reference_down"] == 0
    assert shares["reference_half"] == pytest.approx(0.25)
    assert shares["estimate_down"] == pytest.approx(0.25)
    assert shares["mean_absolute_error"] == pytest.approx(0.25 * 77 / 127)


def test_alignment_and_parts_count_for_curves_too():
    played = performance(*crowd(1, 40, 9.0, n_keys=20).notes, Pedal(2.0, 6.0, "sustain"))
    late = heard(played, 1, late_s=0.5, jitter_s=0.0)
    aligned = score_piece(played, late, EvaluationSettings(align=True)).details.pedalling
    assert aligned.shares()["mean_absolute_error"] == pytest.approx(0.001, abs=2e-3)
    whole = curve((2.0, 127), (6.0, 0))
    part = score_piece(played, late, EvaluationSettings(start_s=4.0, limit_s=4.0), pedal_curves=(whole, whole))
    assert part.details.pedalling.shares()["reference_down"] == pytest.approx(0.5)
    assert part.details.pedalling.shares()["mean_absolute_error"] == 0


def test_a_reference_without_pedals_is_not_scored():
    piece = score_piece(performance(note(1, 2)), performance(note(1, 2), Pedal(1, 2, "sustain")), SETTINGS)
    assert piece.details.pedalling is None
    assert Evaluation(SETTINGS, (piece,)).pedalling() is None


def test_a_stream_can_be_read(tmp_path):
    performance(note(0, 2), Pedal(0.5, 1.0, "sustain")).save(tmp_path / "a.mid")
    found = load_pedal_curve(io.BytesIO((tmp_path / "a.mid").read_bytes()))
    assert found.values_at(np.array([0.25, 0.75, 1.25])).tolist() == [0, 127, 0]
