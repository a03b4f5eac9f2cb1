"""What the meter network sees and says, and its files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.meter.features import N_FEATURES, N_SLOTS, compute_features, in_beats
from pianotrans.score.meter.model import MeterModel
from pianotrans.score.meter.network import PLACES, MeterNetworkConfig
from pianotrans.weights import encode_weights
from tests.training.annotated import BEAT_S, quavers

SMALL = MeterNetworkConfig(width=16, n_heads=2, n_blocks=1)
NOTES = NoteTable.from_performance(quavers(24, 3))
BEATS_S = BEAT_S * np.arange(24)


@pytest.fixture(scope="module")
def model() -> MeterModel:
    torch.manual_seed(0)
    return MeterModel(SMALL).eval()


def test_onsets_are_counted_in_the_parts_of_beats():
    onsets = np.expm1(compute_features(NOTES, BEATS_S)[:, :N_SLOTS])
    np.testing.assert_allclose(onsets[:, 0], [3 if i % 3 == 0 else 2 for i in range(24)], atol=1e-5)
    np.testing.assert_allclose(onsets[:, N_SLOTS // 2], 1, atol=1e-5)
    assert np.abs(np.delete(onsets, [0, N_SLOTS // 2], axis=1)).max() < 1e-5


def test_time_is_counted_in_beats_and_goes_on_beyond_them():
    counted = in_beats(np.array([-1.0, 0.5, 2.0, 3.0, 5.0]), np.array([0.0, 1.0, 3.0]))
    np.testing.assert_allclose(counted, [-1, 0.5, 1.5, 2, 3])


def test_tempo_changes_only_what_is_said_of_tempo():
    slower = replace(NOTES, onset_s=1.5 * NOTES.onset_s, offset_s=1.5 * NOTES.offset_s)
    changed = np.abs(compute_features(slower, 1.5 * BEATS_S) - compute_features(NOTES, BEATS_S)).max(axis=0)
    assert np.count_nonzero(changed > 1e-5) == 2  # the beat's length and the usual one


def test_bars_of_three_are_like_those_before():
    rhythm_is_like = compute_features(NOTES, BEATS_S)[:, N_FEATURES - 64 : N_FEATURES - 48][-1]
    assert set(np.argsort(rhythm_is_like)[-5:] + 1) <= {3, 6, 9, 12, 15}


@pytest.mark.parametrize("n", [1, 2])
def test_few_beats(model: MeterModel, n: int):
    assert compute_features(NOTES, BEATS_S[:n]).shape == (n, N_FEATURES)
    says = model.hear(NOTES, BEATS_S[:n])
    assert (says.place.shape, says.downbeat.shape) == ((n, len(PLACES)), (n,))


def test_no_notes_are_no_features():
    nothing = NoteTable(*np.zeros((2, 0)), *np.zeros((2, 0), np.int64), None)
    assert not compute_features(nothing, BEATS_S).any()


def test_the_same_is_said_again_and_padding_changes_nothing(model: MeterModel):
    says, again = model.hear(NOTES, BEATS_S), model.hear(NOTES, BEATS_S)
    features = torch.from_numpy(compute_features(NOTES, BEATS_S))[None]
    padded = model.network(torch.nn.functional.pad(features, (0, 0, 0, 9), value=3.0), torch.arange(33)[None] < 24)
    for one, other, longer in zip(says, again, padded, strict=True):
        assert torch.equal(one, other)
        torch.testing.assert_close(one, longer[0, :24], atol=1e-4, rtol=1e-4)


def test_a_model_is_what_was_saved(model: MeterModel, tmp_path: Path):
    with pytest.raises(ModelError, match=r"config\.toml"):
        MeterModel.load(tmp_path)
    (tmp_path / "config.toml").write_text("\n".join(f"{name} = {value}" for name, value in vars(SMALL).items()))
    with pytest.raises(ModelError, match=r"weights\.safetensors.*cannot be read"):
        MeterModel.load(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(encode_weights(model.state_dict(), 16))
    for name, tensor in MeterModel.load(tmp_path).state_dict().items():
        torch.testing.assert_close(tensor, model.state_dict()[name], atol=1e-3, rtol=1e-3)
