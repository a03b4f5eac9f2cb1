"""The loop: what it does step by step, and that it goes on as if it had never stopped."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pianotrans.errors import Cancelled, DatasetError, ModelError, OutputError, TrainingError
from pianotrans.inference.registry import find_model
from pianotrans.network import Model
from pianotrans.training.data.chunks import Batch
from pianotrans.training.data.labels import Labels
from pianotrans.training.loss import Objective
from pianotrans.training.runs.run_folder import RunFolder
from pianotrans.training.runs.task import TOTAL
from pianotrans.training.transcription import TRANSCRIPTION, random_model

from .making import contents, loop, make_index


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_index(tmp_path_factory.mktemp("data"), duration_s=3.0)


class Notes:
    """Keeps what it is told."""

    def __init__(self):
        self.steps, self.saves, self.validations = [], [], []
        self.has_ended = False

    def stepped(self, report):
        self.steps.append(report)

    def saved(self, checkpoint):
        self.saves.append(checkpoint.step)

    def validated(self, step, validation):
        self.validations.append((step, validation))

    def ended(self):
        self.has_ended = True


class Done:
    """A run that has ended, and what it told; tests that go on with it do so in a copy."""

    def __init__(self, data, folder, *changes):
        self.folder, self.notes = folder, Notes()
        loop(data, folder, *changes, watchers=(self.notes,)).run()
        self.checkpoints = RunFolder(folder).checkpoints

    def copied(self, folder):
        return RunFolder(Path(shutil.copytree(self.folder, folder)))


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """A run that nothing happened to."""
    return Done(data, tmp_path_factory.mktemp("whole"), "keep=2")


VALIDATED = ("validation.every_steps=4", "validation.recordings=1", "validation.seconds_each=2")


@pytest.fixture(scope="module")
def validated(data, tmp_path_factory):
    return Done(data, tmp_path_factory.mktemp("validated"), *VALIDATED)


def test_a_run_from_begin_to_end(whole):
    notes = whole.notes
    assert [report.step for report in notes.steps] == [1, 2, 3, 4, 5, 6]
    for report in notes.steps:
        assert report.loss == pytest.approx(report.losses["intervals"] + report.losses["attributes"])
    assert notes.steps[0].clipped_at == math.inf
    assert notes.saves == [2, 4, 6]
    assert notes.has_ended
    assert [one.step for one in whole.checkpoints.all()] == [4, 6]
    names = {"config.toml", "run.json", "training.toml", "checkpoints", "tensorboard"}
    assert {path.name for path in whole.folder.iterdir()} == names


def test_another_seed_is_another_run(data, tmp_path, whole):
    other = Done(data, tmp_path, "seed=1", "steps=1")
    assert other.notes.steps[0].loss != whole.notes.steps[0].loss


@pytest.mark.parametrize("n_steps", [1, 4])  # between two checkpoints, and where one is due anyway
def test_stopped_and_resumed_is_the_same_run(data, tmp_path, whole, n_steps):
    notes = Notes()
    stopped = loop(data, tmp_path, watchers=(notes,), is_stopping=lambda: len(notes.steps) + 1 >= n_steps)
    with pytest.raises(Cancelled, match=rf"step {n_steps}\b.*--resume"):
        stopped.run()
    assert stopped.checkpoints.last().step == n_steps
    resumed = loop(data, tmp_path, resume=True)
    assert resumed.state.step == n_steps
    resumed.run()
    assert contents(resumed.checkpoints.last()) == contents(whole.checkpoints.last())


def test_a_finished_run_has_nothing_to_go_on_with(data, tmp_path, whole):
    run, notes = whole.copied(tmp_path / "run"), Notes()
    loop(data, run.path, resume=True, watchers=(notes,)).run()
    assert notes.steps == []
    assert contents(run.checkpoints.last()) == contents(whole.checkpoints.last())


def test_parts_add_up_to_the_whole(data, tmp_path):
    """Two parts of one clip have the gradient of two clips at once."""
    gradients = []
    for n_parts in (1, 2):
        one = loop(data, tmp_path / str(n_parts), f"accumulation={n_parts}", "attribute_dropout=0")
        one._gradients(next(one.parts))
        gradients.append({name: weight.grad for name, weight in one.state.model.named_parameters()})
    assert all(gradient is not None for gradient in gradients[0].values()), "DDP needs every one"
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-4, atol=1e-4, msg=name)


def test_recomputing_changes_nothing_but_memory(data, tmp_path, whole):
    """The last two steps once more, in the other way."""
    run = whole.copied(tmp_path / "run")
    shutil.rmtree(run.checkpoints.last().folder)
    other = loop(data, run.path, "recompute=true", resume=True)
    assert other.state.step == 4
    assert all(block.recompute for block in other.state.model.backbone.blocks)
    other.run()
    assert contents(other.checkpoints.last()) == contents(whole.checkpoints.last())


def test_dropout_is_a_setting(data, tmp_path, whole):
    some = whole.notes.steps[0]
    none = Done(data, tmp_path, "attribute_dropout=0", "steps=1").notes.steps[0]
    assert none.losses["intervals"] == some.losses["intervals"]
    assert none.losses["attributes"] != some.losses["attributes"]


def test_no_number_stops_the_run(data, tmp_path, monkeypatch):
    stopped = loop(data, tmp_path)
    forward = Objective.forward

    def overflowing(self, batch, step):
        losses = forward(self, batch, step)
        return losses | {TOTAL: losses[TOTAL] * math.inf} if step == 3 else losses

    monkeypatch.setattr(Objective, "forward", overflowing)
    with pytest.raises(TrainingError, match=r"step 3\b.*inf.*nan.*nan-step-00000003-process-0.json.*step 2\b"):
        stopped.run()
    found = json.loads((tmp_path / "nan-step-00000003-process-0.json").read_bytes())
    assert found["step"] == 3
    assert len(found["examples"]) == 2
    assert all(" from " in identity for identity in found["examples"])
    assert all(torch.isfinite(weight).all() for weight in stopped.state.model.parameters())


def test_recordings_that_vanish_during_a_run(tmp_path):
    data = make_index(tmp_path / "data", n_train=1, duration_s=3.0)
    notes = Notes()
    stopped = loop(data, tmp_path / "run", watchers=(notes,))
    stepped = notes.stepped

    def vanish(report):
        stepped(report)
        if report.step == 3:
            (data / "0.flac").unlink()

    notes.stepped = vanish
    with pytest.raises(DatasetError, match=r"0\.flac"):
        stopped.run()
    assert notes.has_ended
    assert stopped.checkpoints.last().step == 3, "what was learnt is saved"


def test_a_checkpoint_that_cannot_be_written(data, tmp_path, monkeypatch):
    stopped = loop(data, tmp_path, "save_every_steps=1")
    save = type(stopped.checkpoints).save

    def full_from_2(self, step, files):
        if step == 2:
            raise OutputError("no space")
        return save(self, step, files)

    monkeypatch.setattr(type(stopped.checkpoints), "save", full_from_2)
    with pytest.raises(OutputError, match="no space"):
        stopped.run()
    assert [one.step for one in stopped.checkpoints.all()] == [1]


def test_validation_and_what_tensorboard_shows(validated):
    notes = validated.notes
    assert [step for step, _ in notes.validations] == [4, 6], "when due, and at the end"
    for step, validation in notes.validations:
        assert 0 <= validation.scores[TRANSCRIPTION.best_by] <= 1
        assert validation.picture.shape == (88 * 4, 80, 3)
        (saved,) = (one for one in validated.checkpoints.all() if one.step == step)
        assert saved.scores == validation.scores
    shown = EventAccumulator(str(validated.folder / "tensorboard")).Reload()
    assert "validation/roll" in shown.Tags()["images"]
    losses = [(event.step, event.value) for event in shown.Scalars("loss/total")]
    assert dict(losses) == pytest.approx({report.step: report.loss for report in notes.steps})
    assert [event.step for event in shown.Scalars("validation/keys_onset")] == [4, 6]


def test_a_validation_that_a_kill_prevented_is_made_up_for(data, tmp_path, validated):
    run = validated.copied(tmp_path / "run")
    (run.checkpoints.last().folder / "scores.json").unlink()
    loop(data, run.path, *VALIDATED, resume=True).run()
    assert run.checkpoints.last().scores == validated.checkpoints.last().scores is not None


def test_what_fine_tuning_begins_with(data, tmp_path):
    begun = loop(data, tmp_path, initial="tiny")
    tiny = Model(find_model("tiny").config())
    assert begun.state.model.state_dict().keys() == tiny.state_dict().keys()
    from pianotrans.inference.checkpoint import read_weights

    torch.testing.assert_close(
        dict(begun.state.model.state_dict()), read_weights(find_model("tiny")), rtol=0, atol=0
    )
    assert RunFolder(tmp_path).about().initial == "tiny"
    with pytest.raises(ModelError, match="do not fit the model's configuration"):
        loop(data, tmp_path / "other", initial="transkun-v2")


@pytest.mark.slow
def test_bfloat16_learns_the_same_thing(data, tmp_path, whole):
    """The network in half the precision, the objective in the whole one: nearly the same losses."""
    half = Done(data, tmp_path, "precision=bfloat16")
    losses = [[report.loss for report in done.notes.steps] for done in (whole, half)]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


# Refusals


def test_a_run_is_not_begun_twice(data, tmp_path):
    loop(data, tmp_path)
    with pytest.raises(TrainingError, match="--resume"):
        loop(data, tmp_path)


def test_nothing_to_resume(data, tmp_path):
    with pytest.raises(TrainingError, match="no run there"):
        loop(data, tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()


def test_another_recipe_is_not_resumed(data, tmp_path):
    loop(data, tmp_path)
    with pytest.raises(TrainingError, match=r"steps: 6 .*7 .*optimisation\.peak_rate: "):
        loop(data, tmp_path, "steps=7", "optimisation.peak_rate=1.0", resume=True)
    with pytest.raises(TrainingError, match=r"random weights.*--init"):
        loop(data, tmp_path, resume=True, initial="tiny")
    loop(data, tmp_path, "keep=9", "workers=1", resume=True)
    assert RunFolder(tmp_path).settings().keep == 9, "what may change is noted"


def test_another_model_is_not_resumed(data, tmp_path):
    loop(data, tmp_path)
    text = (tmp_path / "config.toml").read_text()
    (tmp_path / "config.toml").write_text(text.replace("n_layers = 2", "n_layers = 1"))
    with pytest.raises(TrainingError, match="is a run of another model"):
        loop(data, tmp_path, resume=True)


def test_other_data_are_told_of(data, tmp_path):
    loop(data, tmp_path)
    other, said = make_index(tmp_path / "data", duration_s=2.0), []
    loop(other, tmp_path, resume=True, say=said.append)
    assert len(said) == 1
    assert "has changed since the run began" in said[0]


def test_damaged_run_folders(data, tmp_path):
    loop(data, tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(TrainingError, match=r"run.json: damaged"):
        loop(data, tmp_path, resume=True)


def test_no_recordings_of_the_split(data, tmp_path):
    with pytest.raises(DatasetError, match="no recordings of split 'test'"):
        loop(data, tmp_path, "split=test")
    assert not (tmp_path / "run.json").exists()


def test_a_new_model_expects_silence():
    """Its loss on silence is a small part of that of a model to which all labellings are alike."""
    config = find_model("tiny").config()
    silence = Batch(torch.zeros(1, 1, 16_000), [Labels.nothing()], [""], [True])
    model = random_model(config, seed=0)
    with torch.no_grad():
        expecting = Objective(model)(silence)[TOTAL]
        model.scorer.bias.zero_()
        assert expecting < Objective(model)(silence)[TOTAL] / 5


@pytest.mark.parametrize("rate", ["1e6", "1e30"])
def test_a_rate_that_is_far_too_high_is_explained(data, tmp_path, rate):
    stopped = loop(data, tmp_path, f"optimisation.peak_rate={rate}", "steps=12", "validation.every_steps=0")
    with pytest.raises(TrainingError, match=r"step \d+: loss .*, gradient norm .*lower rate"):
        stopped.run()
