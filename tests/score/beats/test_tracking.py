"""The whole way from a performance to beats, with a small network that knows nothing, and its borders."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import ModelError, ScoreError
from pianotrans.events import Note, Performance
from pianotrans.score.beats.hints import BeatHints
from pianotrans.score.beats.network import BeatNetworkConfig
from pianotrans.score.beats.notes import NoteTable, find_moments
from pianotrans.score.beats.tracking import BeatModel, BeatTracker, window_starts
from pianotrans.weights import encode_weights

SMALL = BeatNetworkConfig(width=16, n_heads=2, n_blocks_before=1, n_blocks_across=1, n_blocks_after=1, reach=16)


@pytest.fixture(scope="module")
def model() -> BeatModel:
    torch.manual_seed(0)
    return BeatModel(SMALL).eval()


@pytest.fixture(scope="module")
def tracker(model: BeatModel) -> BeatTracker:
    return BeatTracker(model)


def melody(n: int, step_s: float = 0.25) -> Performance:
    return Performance(tuple(Note(i * step_s, i * step_s + 0.2, 60 + i % 7, 64) for i in range(n)))


def test_padding_changes_nothing(model: BeatModel):
    torch.manual_seed(1)
    features, time_s = torch.randn(1, 100, model.network.enter.in_features), torch.arange(100.0)[None] / 5
    there = torch.ones(1, 100, dtype=torch.bool)
    alone = model.network(features, time_s, there)
    wider = [
        torch.nn.functional.pad(x, (0, 0, 0, 77) if x.dim() == 3 else (0, 77)) for x in (features, time_s, there)
    ]
    padded = model.network(*wider)
    for one, other in zip(alone, padded, strict=True):
        torch.testing.assert_close(one, other[:, :100], atol=1e-5, rtol=1e-5)


def test_only_differences_of_time_count(model: BeatModel):
    torch.manual_seed(1)
    features, time_s = torch.randn(1, 64, model.network.enter.in_features), torch.arange(64.0)[None] / 5
    there = torch.ones(1, 64, dtype=torch.bool)
    early, late = model.network(features, time_s, there), model.network(features, time_s + 50, there)
    torch.testing.assert_close(early.beat, late.beat, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("n_moments", [0, 1, 2048, 2049, 3000, 3584, 3585, 20_000])
def test_windows_cover_all_moments_and_overlap(n_moments: int):
    starts = window_starts(n_moments)
    assert starts[0] == 0
    assert n_moments - 2048 <= starts[-1] <= max(n_moments - 2048, 0)
    assert all(0 < b - a <= 2048 - 512 for a, b in pairwise(starts))


def test_windows_agree_where_the_network_sees_all_it_needs(tracker: BeatTracker):
    notes = NoteTable.from_performance(melody(2500))
    moments = find_moments(notes.onset_s)
    logits = tracker.predict(notes, moments)
    assert logits.beat.shape == (2500,)
    assert all(torch.isfinite(x).all() for x in logits)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_notes_give_few_beats(tracker: BeatTracker, n: int):
    assert len(tracker.find(melody(n)).beats) <= max(0, 2 * n)


@pytest.mark.parametrize("step_s", [0.1, 1.0])
def test_one_repeated_note(tracker: BeatTracker, step_s: float):
    notes = tuple(Note(i * step_s, i * step_s + 0.05, 60, 64) for i in range(600))
    grid = tracker.find(Performance(notes))
    assert np.all(np.diff(grid.times_s) > 0)
    assert all(0 <= beat.confidence <= 1 for beat in grid.beats)


def test_a_model_is_what_was_saved(model: BeatModel, tmp_path: Path):
    lines = [f"{name} = {value}" for name, value in vars(SMALL).items()]
    (tmp_path / "config.toml").write_text("\n".join(lines))
    (tmp_path / "weights.safetensors").write_bytes(encode_weights(model.state_dict(), 16))
    loaded = BeatModel.load(tmp_path)
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, atol=1e-3, rtol=1e-3)


def test_damaged_and_missing_weights_are_named(model: BeatModel, tmp_path: Path):
    with pytest.raises(ModelError, match=r"config\.toml"):
        BeatModel.load(tmp_path)
    (tmp_path / "config.toml").write_text("width = 16\n")
    with pytest.raises(ModelError, match=r"weights\.safetensors.*cannot be read"):
        BeatModel.load(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(b"none")
    with pytest.raises(ModelError, match="damaged"):
        BeatModel.load(tmp_path)


def test_a_downbeat_behind_the_end_is_refused(tracker: BeatTracker):
    with pytest.raises(ScoreError, match="500"):
        tracker.find(melody(40), BeatHints(downbeats_s=(1.0, 500.0)))
