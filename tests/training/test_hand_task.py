"""A hand finder in the loop: it learns, repeats itself exactly, goes on where it stopped, and is exported."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pianotrans.errors import Cancelled, DatasetError, TrainingError
from pianotrans.inference.checkpoint import read_weights
from pianotrans.inference.registry import find_any_model
from pianotrans.score.hands.finding import HandFinder, HandModel, split_hands
from pianotrans.training.hands.calibration import calibrate
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.export import export
from pianotrans.training.runs.loop import Loop
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop

from .annotated import climbing, hands_of, write_asap, write_piano_midi_de
from .making import contents

CONFIG = """
width = 16
n_heads = 2
n_blocks = 1
reach = 8
"""
RECIPE = """
kind = "hands"
steps = 6
warm_up_steps = 1
rate = 1e-3
notes_per_step = 160
cut = 40
save_every_steps = 2
[validation]
every_steps = 0
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("data")
    return write_asap(folder / "asap"), write_piano_midi_de(folder / "piano-midi-de")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    (folder / "config.toml").write_text(CONFIG)
    (folder / "training.toml").write_text(RECIPE)
    return folder


def hand_loop(recipe, data, out, *changes, resume=False, initial=None, **options) -> Loop:
    request = Request(TrainingRecipe.read(str(recipe), changes), tuple(data), out, resume, initial)
    return make_loop(request, make_fabric("cpu"), **options)


@pytest.fixture(scope="module")
def whole(recipe, data, tmp_path_factory) -> RunFolder:
    folder = tmp_path_factory.mktemp("whole")
    hand_loop(recipe, data, folder).run()
    return RunFolder(folder)


def test_groups_of_weights_have_rates_of_their_own(recipe, data, tmp_path):
    one = hand_loop(recipe, data, tmp_path, "steps=1", "muon_rate=3")
    one.run()
    assert [group["lr"] for group in one.state.optimizer.param_groups] == pytest.approx([1e-3, 1e-3, 3e-3])


@pytest.mark.parametrize("n_steps", [3, 4])  # between two checkpoints, and where one is due
def test_stopped_and_resumed_gives_the_same_weights(recipe, data, tmp_path, whole, n_steps):
    stopped = hand_loop(recipe, data, tmp_path, is_stopping=lambda: stopped.state.step + 1 >= n_steps)
    with pytest.raises(Cancelled, match="--resume"):
        stopped.run()
    resumed = hand_loop(recipe, data, tmp_path, resume=True)
    assert resumed.state.step == n_steps
    resumed.run()
    assert contents(resumed.checkpoints.last()) == contents(whole.checkpoints.last())


def test_another_seed_gives_other_weights(recipe, data, tmp_path, whole):
    other = hand_loop(recipe, data, tmp_path, "seed=8")
    other.run()
    key = "weights.safetensors"
    assert contents(other.checkpoints.last())[key] != contents(whole.checkpoints.last())[key]


@pytest.mark.slow
def test_a_short_run_learns_what_no_split_can_tell(recipe, tmp_path):
    data = write_piano_midi_de(tmp_path / "piano-midi-de", climbing)
    changes = ('datasets=["piano-midi-de"]', "steps=60", "rate=3e-3", "average_decay=0.5")
    hand_loop(recipe, [data], tmp_path / "run", *changes).run()
    export(RunFolder(tmp_path / "run"), tmp_path / "mine", bits=8)
    performance = climbing(60, 4)
    truth = np.array(hands_of(performance))
    assert np.mean(HandFinder.load(tmp_path / "mine").find(performance).hand == truth) > 0.95
    assert np.mean(split_hands(performance, 60).hand == truth) < 0.8


def test_an_export_is_as_sure_as_validation_says(recipe, data, tmp_path):
    """Its logits are divided by the temperature that was fitted there."""
    hand_loop(recipe, data, tmp_path / "run", "validation.every_steps=6").run()
    checkpoint = export(RunFolder(tmp_path / "run"), tmp_path / "mine")
    scores = checkpoint.scores
    assert scores is not None
    assert 0 <= scores["notes in the correct hand"] <= 1
    assert scores["temperature"] != 1
    trained, exported = (HandModel.load(folder).state_dict() for folder in (checkpoint.folder, tmp_path / "mine"))
    for name, weight in calibrate(trained, scores["temperature"]).items():
        torch.testing.assert_close(exported[name], weight, rtol=0, atol=0)
    card = (tmp_path / "mine" / "README.md").read_text()
    temperature = f"temperature {scores['temperature']:.2f}"
    for text in ("3 performances (asap, piano-midi-de, split train)", "| 6 of 6", temperature):
        assert text in card


def test_without_validation_the_weights_are_exported_as_they_are(tmp_path, whole):
    checkpoint = export(whole, tmp_path / "mine")
    assert (tmp_path / "mine" / "weights.safetensors").read_bytes() == (contents(checkpoint)["weights.safetensors"])
    assert "not calibrated" in (tmp_path / "mine" / "README.md").read_text()


def test_the_shipped_model_can_be_trained_again(data, tmp_path):
    again = hand_loop("hands", data, tmp_path / "run", "validation.every_steps=0", initial="hands")
    shipped = read_weights(find_any_model("hands"))
    assert all((weight == shipped[name]).all() for name, weight in again.state.model.state_dict().items())


def test_refusals(recipe, data, tmp_path, whole):
    asap, _ = data
    with pytest.raises(DatasetError, match=r"asap given; exactly asap, piano-midi-de needed"):
        hand_loop(recipe, [asap], tmp_path / "run")
    with pytest.raises(TrainingError, match="no pieces"):
        hand_loop(recipe, data, tmp_path / "run", "split=test")
    assert not (tmp_path / "run").exists()
    with pytest.raises(TrainingError, match=r"rate: 0.001 then, 0.01 now"):
        hand_loop(recipe, data, whole.path, "rate=0.01", resume=True)
