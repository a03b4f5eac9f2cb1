"""Pictures come out for ordinary, odd and empty evaluations."""

import io
from dataclasses import replace

import pytest

from pianotrans.evaluation import KEYS, Evaluation, EvaluationSettings, score_piece
from pianotrans.evaluation.pictures import draw_all
from pianotrans.events import Pedal

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()


def check(evaluation: Evaluation) -> dict[str, tuple[int, int]]:
    from PIL import Image

    sizes = {}
    for name, content in draw_all(evaluation).items():
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.format == "PNG"
            assert len(picture.convert("L").getcolors()) > 10, "not blank"
            sizes[name] = picture.size
    expected = {"circumstances.png", "deviations.png", "pieces.png", "registers.png"}
    assert set(sizes) == expected | ({"reliability.png"} if evaluation.reliability() else set())
    return sizes


@pytest.mark.slow
def test_how_sure_it_was():
    played = crowd(1, n_notes=40, duration_s=10.0)
    notes = [replace(one, confidence=0.5, onset_confidence=i / 40) for i, one in enumerate(heard(played, 1).notes)]
    piece = score_piece(played, performance(*notes), SETTINGS, name="sure")
    assert "reliability.png" in check(Evaluation(SETTINGS, (piece,)))


@pytest.mark.slow
def test_ordinary_pieces():
    played = [crowd(seed, n_notes=40, duration_s=10.0) for seed in range(3)]
    pieces = [
        score_piece(one, heard(one, i), SETTINGS, name=f"$x_{i}$ {'long ' * 20}") for i, one in enumerate(played)
    ]
    few = check(Evaluation(SETTINGS, tuple(pieces)))
    many = check(Evaluation(SETTINGS, tuple(pieces) * 40))
    assert many["pieces.png"][1] > few["pieces.png"][1]
    assert many["pieces.png"][1] < 3000


@pytest.mark.slow
def test_nothing_matched_and_nothing_there():
    settings = EvaluationSettings(conventions=(KEYS,))
    empty = score_piece(performance(), performance(Pedal(1, 2, "soft")), settings, name="empty")
    missed = score_piece(performance(note(1, 2)), performance(), settings, name="missed")
    check(Evaluation(settings, (empty,)))
    check(Evaluation(settings, (missed, empty)))
