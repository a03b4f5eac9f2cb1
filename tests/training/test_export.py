"""From a run to a model's folder."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pianotrans.errors import ModelError, OutputError, TrainingError
from pianotrans.inference.checkpoint import read_weights
from pianotrans.inference.registry import find_model
from pianotrans.inference.transcriber import Transcriber
from pianotrans.training.runs.export import export
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.transcription import TRANSCRIPTION

from .making import loop, make_index

VALIDATED = ("validation.every_steps=2", "validation.seconds_each=1", "steps=4")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("data"), duration_s=3.0)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    loop(data, folder, *VALIDATED, initial="tiny").run()
    return folder


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the run, which a test may spoil."""
    return RunFolder(Path(shutil.copytree(trained, tmp_path / "run")))


def test_an_exported_model_is_what_was_validated(run, data, tmp_path):
    """Its weights, its scores, its card; and it transcribes."""
    first, _ = run.checkpoints.all()
    first.add_scores({**first.scores, TRANSCRIPTION.best_by: 0.5})
    target = tmp_path / "models" / "mine"
    assert export(run, target) == first
    assert {path.name for path in target.iterdir()} == {
        *("config.toml", "weights.safetensors", "training.toml", "README.md"),
    }
    for name in ("config.toml", "weights.safetensors"):
        assert (target / name).read_bytes() == (first.folder / name).read_bytes()
    card = (target / "README.md").read_text()
    for text in (
        *("# mine", "began with | tiny |", "2 recordings (synthetic, split train)", "2 of 4, 2 clips of 0.5 s"),
        *("as the keys were held", "0.10 M parameters", "split validation", "| 50.00 |"),
    ):
        assert text in card
    performance = Transcriber(target, device="cpu").transcribe(data / "0.flac")
    assert performance.duration_s == pytest.approx(3.0)


def test_half_the_size(run, data, tmp_path):
    """Stored in float16, computed with in float32, the same but for what 11 bits do not hold."""
    export(run, tmp_path / "whole")
    export(run, tmp_path / "half", bits=16)
    whole, half = (tmp_path / name / "weights.safetensors" for name in ("whole", "half"))
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    weights, halves = (read_weights(find_model(path.parent)) for path in (whole, half))
    for name, weight in weights.items():
        assert halves[name].dtype == torch.float32, name
        torch.testing.assert_close(halves[name], weight, rtol=2**-11, atol=2**-25, msg=name)
    performance = Transcriber(tmp_path / "half", device="cpu").transcribe(data / "0.flac")
    assert performance.duration_s == pytest.approx(3.0)


def test_weights_that_16_bits_do_not_hold(run, tmp_path):
    path = run.checkpoints.last().folder / "weights.safetensors"
    weights = load_file(path)
    weights["scorer.bias"][0] = 1e5
    save_file(weights, path)
    with pytest.raises(TrainingError, match=r"scorer.bias: too large for 16 bits \(1e\+05\). .*--bits 32"):
        export(run, tmp_path / "half", "last", bits=16)
    assert not (tmp_path / "half").exists()


def test_an_exported_model_can_be_trained_again(run, data, tmp_path):
    export(run, tmp_path / "mine")
    assert TrainingRecipe.read(str(tmp_path / "mine")).settings == run.settings()
    again = loop(data, tmp_path / "again", *VALIDATED, initial=str(tmp_path / "mine"))
    assert again.state.step == 0


@pytest.mark.parametrize(("which", "step"), [("last", 4), ("2", 2), ("4", 4)])
def test_other_checkpoints(run, tmp_path, which, step):
    assert export(run, tmp_path / "mine", which).step == step


def test_without_validation_it_is_the_last(data, tmp_path):
    loop(data, tmp_path / "run", "steps=2", "save_every_steps=1").run()
    assert export(RunFolder(tmp_path / "run"), tmp_path / "mine").step == 2
    assert "It was not validated." in (tmp_path / "mine" / "README.md").read_text()


def test_refusals(run, tmp_path, monkeypatch):
    with pytest.raises(TrainingError, match=r"no checkpoint '3'\. Of these steps there are: 2, 4\."):
        export(run, tmp_path / "mine", "3")
    with pytest.raises(TrainingError, match="no run there"):
        export(RunFolder(tmp_path / "nowhere"), tmp_path / "mine")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="taken: already exists"):
        export(run, tmp_path / "taken")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingError, match="tiny: is the name of a model of the registry"):
        export(run, Path("tiny"))
    (run.checkpoints.last().folder / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="not a safetensors file"):
        export(run, tmp_path / "mine", "last")
    assert not (tmp_path / "mine").exists()


def test_a_run_without_checkpoints(data, tmp_path):
    loop(data, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"no checkpoint 'best'. Of these steps there are: none"):
        export(RunFolder(tmp_path / "run"), tmp_path / "mine")
    assert find_model(tmp_path / "run").config() == find_model("tiny").config()
