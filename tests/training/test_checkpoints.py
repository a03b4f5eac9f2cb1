"""Checkpoints: whole or not at all, bit by bit the same, and the right ones kept."""

import errno
import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from pianotrans.errors import OutputError, TrainingError
from pianotrans.files import write_folder_atomically
from pianotrans.inference.registry import find_model
from pianotrans.training.runs.checkpoints import Checkpoint, Checkpoints
from pianotrans.training.runs.settings import OptimisationSettings, TrainingSettings
from pianotrans.training.transcription import make_model, make_state

BEST_BY = "keys onset+offset"
FILES = {"a": b"1", "b": b"22"}


def state(**course):
    settings = TrainingSettings(optimisation=OptimisationSettings(peak_rate=1e-3, **course))
    return make_state(make_model(find_model("tiny").config(), settings), settings)


def take_steps(state, n_steps, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for _ in range(n_steps):
        for weight in state.model.parameters():
            weight.grad = torch.randn(weight.shape, generator=generator)
        state.clip.apply(state.model.parameters())
        state.optimizer.step()
        state.step += 1
        state.average.update(state.step)


@pytest.mark.parametrize("optimizer", ["adabelief", "adamw"])
def test_a_state_goes_on_bit_by_bit(optimizer, tmp_path):
    whole, broken, again = (state(optimizer=optimizer) for _ in range(3))
    take_steps(whole, 3)
    take_steps(whole, 4, seed=1)
    take_steps(broken, 3)
    again.restore(Checkpoints(tmp_path, BEST_BY).save(3, broken.files()).folder)
    assert again.step == 3
    take_steps(again, 4, seed=1)
    assert again.files() == whole.files()


def test_files_are_never_pickles():
    contents = state().files()
    assert contents.keys() == {"weights.safetensors", "training.safetensors", "state.json"}
    json.loads(contents["state.json"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("state.json", b"{"),
        ("state.json", b'{"format": "pianotrans-training", "version": 1}'),
        ("state.json", b"[]"),
        ("state.json", b"[" * 100_000),
        ("state.json", b'{"format": "pianotrans-training", "version": 1, "step": 1e999, "optimizer": []}'),
        ("state.json", b'{"format": "pianotrans-training", "version": 1, "step": 0, "optimizer": [3]}'),
        ("training.safetensors", b"no"),
        ("weights.safetensors", b""),
    ],
)
def test_damage_is_told(tmp_path, name, content):
    fresh = state()
    folder = Checkpoints(tmp_path, BEST_BY).save(0, fresh.files()).folder
    (folder / name).write_bytes(content)
    with pytest.raises(TrainingError, match=r"step-00000000: damaged, or of another run .* Delete it to go on"):
        fresh.restore(folder)


def test_moments_of_another_shape_are_told(tmp_path):
    """Before the first step, not in it."""
    some = state()
    for weight in some.model.parameters():
        weight.grad = torch.ones_like(weight)
    some.optimizer.step()
    folder = Checkpoints(tmp_path, BEST_BY).save(0, some.files()).folder
    tensors = safetensors.torch.load_file(folder / "training.safetensors")
    name = next(name for name in tensors if name.startswith("optimizer."))
    tensors[name] = torch.zeros(3, 5, 7)
    safetensors.torch.save_file(tensors, folder / "training.safetensors")
    with pytest.raises(TrainingError, match=r"damaged, or of another run .*\(3, 5, 7\)"):
        some.restore(folder)


@pytest.mark.parametrize("content", ["[]", "3", '{"keys onset+offset": "good"}', "[" * 100_000])
def test_damaged_scores_are_told(tmp_path, content):
    checkpoint = Checkpoints(tmp_path, BEST_BY).save(1, {"scores.json": content.encode()})
    with pytest.raises(TrainingError, match=r"scores.json: cannot be read .*Delete it"):
        _ = checkpoint.scores


def test_other_folders_are_no_checkpoints(tmp_path):
    for name in ("step-abc", "step-", "step-00000001.old"):
        (tmp_path / name).mkdir()
    assert Checkpoints(tmp_path, BEST_BY).all() == []


def test_another_version_is_told(tmp_path):
    fresh = state()
    folder = Checkpoints(tmp_path, BEST_BY).save(0, fresh.files()).folder
    (folder / "state.json").write_text('{"format": "pianotrans-training", "version": 2}')
    with pytest.raises(TrainingError, match=r"format and version are .*2"):
        fresh.restore(folder)


def test_missing_files_are_told(tmp_path):
    fresh = state()
    folder = Checkpoints(tmp_path, BEST_BY).save(0, {"state.json": fresh.files()["state.json"]}).folder
    with pytest.raises(TrainingError, match="damaged, or of another run"):
        fresh.restore(folder)


def test_no_checkpoints(tmp_path):
    checkpoints = Checkpoints(tmp_path / "none", BEST_BY)
    assert (checkpoints.all(), checkpoints.last(), checkpoints.best()) == ([], None, None)


def test_the_last_ones_and_the_best_one_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, BEST_BY)
    for step, score in enumerate([0.1, 0.9, 0.3, 0.9, None, 0.2, None, None]):
        checkpoint = checkpoints.save(step, FILES)
        if score is not None:
            checkpoint.add_scores({BEST_BY: score, "other": 1.0})
    (tmp_path / ".pianotrans-abc.tmp").mkdir()
    checkpoints.prune(2)
    assert [one.step for one in checkpoints.all()] == [1, 6, 7]
    assert checkpoints.best() == Checkpoint(tmp_path / "step-00000001"), "the first of the best"
    assert checkpoints.last().step == 7
    assert not list(tmp_path.glob(".*"))


def test_scores_that_cannot_be_read(tmp_path):
    checkpoint = Checkpoints(tmp_path, BEST_BY).save(3, FILES)
    assert checkpoint.scores is None
    (checkpoint.folder / "scores.json").write_text("{")
    with pytest.raises(TrainingError, match=r"scores.json: cannot be read \(.*\). Delete it"):
        _ = checkpoint.scores


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path, BEST_BY)
    checkpoints.save(1, FILES)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="step-00000002: no space for 3 bytes"):
        checkpoints.save(2, FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]


def test_a_folder_that_exists_is_not_replaced(tmp_path):
    write_folder_atomically(tmp_path / "x", FILES)
    with pytest.raises(OutputError, match="x: already exists"):
        write_folder_atomically(tmp_path / "x", {"a": b"other"})
    assert {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()} == FILES
    with pytest.raises(OutputError, match=r"the folder .* does not exist"):
        write_folder_atomically(tmp_path / "y" / "x", FILES)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["x"]
