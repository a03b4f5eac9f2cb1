"""The models that are shipped for scores: they load, once, and what is missing is named."""

from pathlib import Path

import pytest

from pianotrans.errors import ModelError
from pianotrans.score import models
from pianotrans.score.models import load_beat_tracker
from tests.training.annotated import BEAT_S, quavers


def test_the_shipped_beat_tracker_finds_an_easy_beat():
    tracker = load_beat_tracker()
    assert load_beat_tracker() is tracker
    grid = tracker.find(quavers(32, 4))
    assert pytest.approx(grid.bpm, rel=0.02) == 60 / BEAT_S


@pytest.mark.parametrize("missing", ["config.toml", "weights.safetensors"])
def test_missing_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str):
    (tmp_path / "beats").mkdir()
    for name in {"config.toml", "weights.safetensors"} - {missing}:
        (tmp_path / "beats" / name).write_text("")
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path)
    with pytest.raises(ModelError, match=missing):
        load_beat_tracker.__wrapped__()
