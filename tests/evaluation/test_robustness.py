"""Scores of degraded recordings: the picture, the table, and references whose times move."""

import io
from functools import partial
from pathlib import Path

import pytest

from pianotrans.evaluation import Evaluation, EvaluationSettings, FilePair, RobustnessStep, score_pairs, score_piece
from pianotrans.evaluation.piece import Column
from pianotrans.evaluation.robustness_picture import draw_robustness
from pianotrans.evaluation.texts import robustness_csv, robustness_table
from pianotrans.events import retime, transpose

from .making import crowd, heard, note, performance

SETTINGS = EvaluationSettings()


def stretched(time_s: float, by: float) -> float:
    return by * time_s


def test_the_reference_moves_with_the_recording(tmp_path: Path):
    played = performance(*(note(i, i + 0.5, 60 + i) for i in range(1, 9)))
    played.save(tmp_path / "played.mid")
    slower = partial(stretched, by=1.05)
    retime(played, slower).save(tmp_path / "slower.mid")
    pair = FilePair("piece", tmp_path / "played.mid", tmp_path / "slower.mid")
    moved = FilePair("piece", tmp_path / "played.mid", tmp_path / "slower.mid", moved=slower)
    ((unmoved,), _), ((right,), _) = (score_pairs([one], SETTINGS) for one in (pair, moved))
    assert min(score.f1 for score in right.scores.values() if score.is_defined) > 0.998
    assert unmoved.scores[next(iter(unmoved.scores))].f1 < 0.2


@pytest.mark.parametrize(("heard_higher", "keys_higher", "is_right"), [(-1, (-1, 0), True), (-1, (0,), False)])
def test_the_keys_that_sound_count(tmp_path: Path, heard_higher: int, keys_higher: tuple[int, ...], is_right: bool):
    played = performance(*(note(i, i + 0.5, 60 + i) for i in range(1, 9)))
    played.save(tmp_path / "played.mid")
    transpose(played, heard_higher).save(tmp_path / "heard.mid")
    pair = FilePair("piece", tmp_path / "played.mid", tmp_path / "heard.mid", keys_higher=keys_higher)
    ((piece,), _) = score_pairs([pair], SETTINGS)
    assert piece.scores[Column("keys", "onset")].f1 == (1.0 if is_right else 0.0)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    played = crowd(1, 40, 10.0)

    def pieces(jitter_s: float):
        return (score_piece(played, heard(played, 1, jitter_s=jitter_s), SETTINGS, name="a"),)

    steps = [
        RobustnessStep("white", level, "dB SNR", pieces(0.1 / (level / 10 + 1))) for level in (0.0, 10.0, 20.0)
    ]
    steps += [RobustnessStep("phone", None, "", pieces(0.03)), RobustnessStep("mp3", 32.0, "kbit/s", ())]
    return Evaluation(SETTINGS, pieces(0.001), robustness=tuple(steps))


def test_table_and_csv(evaluation: Evaluation):
    headings, rows = robustness_table(evaluation)
    assert [row[0] for row in rows] == [
        "as recorded",
        "white 0 dB SNR",
        "white 10 dB SNR",
        "white 20 dB SNR",
        "phone",
        "mp3 32 kbit/s",
    ]
    assert {len(row) for row in rows} == {len(headings)}
    f1 = [float(row[3]) for row in rows[:4]]
    assert f1[1] < f1[2] < f1[3] <= f1[0]
    assert set(rows[-1][1:-1]) == {"–"}  # no recording could be scored there
    lines = robustness_csv(evaluation).splitlines()
    assert len(lines) == 7
    assert lines[2].startswith("white,0,dB SNR,1,")


@pytest.mark.slow
def test_picture(evaluation: Evaluation):
    from PIL import Image

    with Image.open(io.BytesIO(draw_robustness(evaluation))) as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("L").getcolors()) > 10
