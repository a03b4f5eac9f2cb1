"""A beat tracker in the loop: it learns, repeats itself exactly, goes on where it stopped, and is exported."""

from pathlib import Path

import pytest

from pianotrans.errors import Cancelled, DatasetError, ModelError, TrainingError
from pianotrans.inference.registry import find_model
from pianotrans.score.beats.tracking import BeatModel, BeatTracker
from pianotrans.training.runs.distributed import make_fabric
from pianotrans.training.runs.export import export
from pianotrans.training.runs.loop import Loop, StepReport
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.runs.start import Request, make_loop

from .annotated import quavers, write_asap, write_piano_midi_de
from .making import contents

CONFIG = """
width = 16
n_heads = 2
n_blocks_before = 1
n_blocks_across = 1
n_blocks_after = 1
reach = 16
"""
RECIPE = """
kind = "beats"
steps = 6
warm_up_steps = 1
rate = 1e-3
moments_per_step = 200
cuts = [60, 100]
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


class Reports:
    """Keeps the reports of steps."""

    def __init__(self) -> None:
        self.steps: list[StepReport] = []

    def stepped(self, report):
        self.steps.append(report)

    def saved(self, checkpoint): ...

    def validated(self, step, validation): ...

    def ended(self): ...


def beat_loop(recipe, data, out, *changes, resume=False, initial=None, **options) -> Loop:
    request = Request(TrainingRecipe.read(str(recipe), changes), tuple(data), out, resume, initial)
    return make_loop(request, make_fabric("cpu"), **options)


@pytest.fixture(scope="module")
def whole(recipe, data, tmp_path_factory) -> tuple[RunFolder, Reports]:
    folder, reports = tmp_path_factory.mktemp("whole"), Reports()
    beat_loop(recipe, data, folder, watchers=(reports,)).run()
    return RunFolder(folder), reports


def test_losses_have_names(whole):
    _, reports = whole
    heads = {"beat", "downbeat", "period", "meter", "phase"}
    for report in reports.steps:
        assert report.losses.keys() - {"likelihood"} == heads
    assert [("likelihood" in report.losses) for report in reports.steps] == [True, False, False, False, True, True]
    assert reports.steps[-1].losses["likelihood"] < reports.steps[0].losses["likelihood"]


def test_groups_of_weights_have_rates_of_their_own(recipe, data, tmp_path):
    one = beat_loop(recipe, data, tmp_path, "steps=1", "potentials_rate=3", "muon_rate=2")
    one.run()
    rates = [group["lr"] for group in one.state.optimizer.param_groups]
    assert rates == pytest.approx([1e-3, 1e-3, 3e-3, 2e-3])


@pytest.mark.parametrize("n_steps", [3, 4])  # between two checkpoints, and where one is due
def test_stopped_and_resumed_gives_the_same_weights(recipe, data, tmp_path, whole, n_steps):
    reports = Reports()
    stopped = beat_loop(
        recipe, data, tmp_path, watchers=(reports,), is_stopping=lambda: len(reports.steps) + 1 >= n_steps
    )
    with pytest.raises(Cancelled, match="--resume"):
        stopped.run()
    resumed = beat_loop(recipe, data, tmp_path, resume=True)
    assert resumed.state.step == n_steps
    resumed.run()
    assert contents(resumed.checkpoints.last()) == contents(whole[0].checkpoints.last())


def test_another_seed_gives_other_weights(recipe, data, tmp_path, whole):
    other = beat_loop(recipe, data, tmp_path, "seed=8")
    other.run()
    key = "weights.safetensors"
    assert contents(other.checkpoints.last())[key] != contents(whole[0].checkpoints.last())[key]


def test_a_checkpoint_is_validated_and_the_better_one_is_exported(recipe, data, tmp_path):
    one = beat_loop(recipe, data, tmp_path / "run", "validation.every_steps=3", "validation.recordings=2")
    one.run()
    run = RunFolder(tmp_path / "run")
    for step in (3, 6):
        (scores,) = (found.scores for found in run.checkpoints.all() if found.step == step)
        assert scores.keys() == {"beats", "downbeats", "both"}
        assert scores["both"] == pytest.approx((scores["beats"] + scores["downbeats"]) / 2)
    run.checkpoints.last().add_scores({"beats": 1.0, "downbeats": 0.5, "both": 0.75})
    target = tmp_path / "mine"
    assert export(run, target, bits=8).step == 6
    card = (target / "README.md").read_text()
    for text in ("3 performances (asap, piano-midi-de, split train)", "| 6 of 6", "| 100.0 | 50.0 | 75.0 |"):
        assert text in card
    tracker = BeatTracker(BeatModel.load(target))
    assert len(tracker.find(quavers(30, 3)).beats) > 0


def test_an_exported_model_can_be_trained_again(recipe, data, tmp_path, whole):
    run, _ = whole
    export(run, tmp_path / "mine")
    again = beat_loop(recipe, data, tmp_path / "again", initial=str(tmp_path / "mine"))
    trained = BeatModel.load(tmp_path / "mine").state_dict()
    assert all((weight == trained[name]).all() for name, weight in again.state.model.state_dict().items())


def test_a_beat_tracker_does_not_transcribe(whole):
    with pytest.raises(ModelError, match="architecture"):
        find_model(whole[0].path).config()


def test_refusals(recipe, data, tmp_path, whole):
    asap, piano_midi_de = data
    with pytest.raises(DatasetError, match=r"asap given; exactly asap, piano-midi-de needed"):
        beat_loop(recipe, [asap], tmp_path / "run")
    with pytest.raises(DatasetError, match=r"needed"):
        beat_loop(recipe, [asap, asap], tmp_path / "run")
    with pytest.raises(DatasetError, match=r"performances\.csv \(asap\)"):
        beat_loop(recipe, [tmp_path, piano_midi_de], tmp_path / "run")
    with pytest.raises(TrainingError, match="no pieces"):
        beat_loop(recipe, data, tmp_path / "run", "split=test")
    assert not (tmp_path / "run").exists()
    with pytest.raises(TrainingError, match="--resume"):
        beat_loop(recipe, data, whole[0].path)
    with pytest.raises(TrainingError, match=r"rate: 0.001 then, 0.01 now"):
        beat_loop(recipe, data, whole[0].path, "rate=0.01", resume=True)
