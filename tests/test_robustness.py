"""A small version of the tables in models/transkun-v2/README.md: one clip, degraded twice, before and after."""

from pathlib import Path

import pytest

from pianotrans import evaluate_dataset
from pianotrans.audio.degradation import parse_degradations
from pianotrans.evaluation import KEYS, Column, EvaluationSettings, PieceScores
from pianotrans.workers.recipe import Recipe

pytestmark = [pytest.mark.weights, pytest.mark.slow]

SETTINGS = EvaluationSettings(conventions=(KEYS,), limit_s=6.0)
ONSET = Column("keys", "onset")


def onset_f1(samples_folder: Path, degradations: str, *, declip: bool = True) -> list[float]:
    """As recorded, then for every degradation."""
    evaluation = evaluate_dataset(
        samples_folder,
        layout="folder",
        name_filter="beethoven_fur_elise",
        recipe=Recipe(model="transkun-v2", device="cpu", declip=declip),
        settings=SETTINGS,
        degradations=parse_degradations(degradations),
    )
    of_steps: list[tuple[PieceScores, ...]] = [evaluation.pieces, *(step.pieces for step in evaluation.robustness)]
    return [piece.scores[ONSET].f1 for (piece,) in of_steps]


def test_a_clipped_recording_and_one_too_fast_are_heard_like_the_clip(published, samples_folder):
    del published  # skips where there are no weights
    clean, clipped, too_fast = onset_f1(samples_folder, "gain=20,speed=4")
    assert clean > 0.95
    assert clipped > 0.9
    assert too_fast > 0.85
    _, left_clipped = onset_f1(samples_folder, "gain=20", declip=False)
    assert left_clipped < clipped
