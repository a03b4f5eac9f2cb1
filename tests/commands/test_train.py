"""`pianotrans train` and `pianotrans models export`, called as a user would."""

import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from pianotrans import extras
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.beats.tracking import BeatModel, BeatTracker
from pianotrans.score.hands.finding import HandFinder
from pianotrans.score.meter.model import MeterModel
from pianotrans.training.runs.run_folder import RunFolder
from tests.training.annotated import BEAT_S, quavers, write_asap, write_piano_midi_de
from tests.training.making import QUICK, make_index

from .driving import ENVIRONMENT, command_line, only_error, run

SETTINGS = [part for change in QUICK for part in ("--set", change)]


@pytest.fixture
def data(tmp_path):
    return make_index(tmp_path / "data", duration_s=2.0)


def train(data, out, *arguments):
    return run("train", "tiny", "--data", data, "--output", out, "--device", "cpu", *SETTINGS, *arguments)


@pytest.mark.slow
def test_a_run_and_what_is_made_of_it(data, tmp_path):
    validation = ("--set", "validation.every_steps=3", "--set", "validation.seconds_each=1")
    result = train(data, tmp_path / "run", "--verbose", *validation)
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.findall(r"step (\d+): saved as ", result.stderr) == ["2", "3", "4", "6"], "and what was validated"
    assert "step 3: F1 % onset " in result.stderr
    assert result.stderr.splitlines()[-1].startswith(
        f"{tmp_path / 'run'}: 6 steps done; the best checkpoint is that of "
    )

    model = tmp_path / "mine"
    result = run("models", "export", tmp_path / "run", model)
    assert (result.exit_code, result.stdout) == (0, f"{model}\n")
    result = run("transcribe", data / "0.flac", "--model", model, "--device", "cpu")
    assert result.exit_code == 0
    assert (data / "0.mid").is_file()


@pytest.mark.slow
def test_resuming(data, tmp_path):
    result = train(data, tmp_path / "run", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    result = train(data, tmp_path / "run")
    assert (result.exit_code, "holds a run already" in only_error(result)) == (1, True)
    result = train(data, tmp_path / "run", "--resume")
    assert result.exit_code == 0
    assert "Continuing after step 6 of 6." in result.stderr
    result = train(data, tmp_path / "run", "--resume", "--set", "seed=5")
    assert (result.exit_code, "seed: 0 then, 5 now" in only_error(result)) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "nonsense=1"), "unknown setting nonsense"),
        (("--set", "clips_per_step=3", "--set", "accumulation=2"), "clips_per_step: 3 given"),
        (("--init", "nothing"), "model 'nothing': neither a known model"),
        (("--init", "transkun-v2"), ""),
        (("--resume",), "no run there"),
    ],
)
def test_refusals(data, tmp_path, monkeypatch, arguments, message):
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("pianotrans.inference.pull._package_clients", lambda: [["/no/such/client"]])
    result = train(data, tmp_path / "run", *arguments)
    assert result.exit_code == 1
    assert message in only_error(result)


def test_more_refusals(data, tmp_path, monkeypatch):
    result = run("train", "nothing", "--data", data, "--output", tmp_path / "run")
    assert (result.exit_code, "neither a recipe (beats, hands, meter, " in only_error(result)) == (1, True)
    result = run("train", "tiny", "--data", tmp_path / "none", "--output", tmp_path / "run")
    assert (result.exit_code, "Make it with `pianotrans prepare`" in only_error(result)) == (1, True)
    result = train(data, tmp_path / "run", "--device", "nonsense")
    assert (result.exit_code, "device 'nonsense'" in only_error(result)) == (2, True)
    result = run("models", "export", tmp_path / "none", tmp_path / "mine")
    assert (result.exit_code, "no run there" in only_error(result)) == (1, True)
    (tmp_path / "file").write_text("")
    result = train(data, tmp_path / "file" / "run")
    assert (result.exit_code, "cannot be made" in only_error(result)) == (1, True)


def train_for_a_score(tmp_path, recipe, validated, *changes):
    """A shipped recipe for a few steps on a few pieces, stopped in between by their end, and exported."""
    folders = [write_piano_midi_de(tmp_path / "piano-midi-de")]
    folders += [] if recipe.endswith("without-asap") else [write_asap(tmp_path / "asap")]
    data = [part for folder in folders for part in ("--data", folder)]
    changes = [part for change in (*changes, "steps=3", "save_every_steps=2") for part in ("--set", change)]
    out = tmp_path / "run"
    result = run("train", recipe, *data, "--output", out, *changes)
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"step 3: {validated} " in result.stderr
    shutil.rmtree(RunFolder(out).checkpoints.last().folder)
    result = run("train", recipe, *data, "--output", out, "--resume", *changes)
    assert result.exit_code == 0
    assert "Continuing after step 2 of 3." in result.stderr
    result = run("models", "export", out, tmp_path / "mine", "--bits", "16")
    assert result.exit_code == 0
    return tmp_path / "mine"


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["beats", "beats/without-asap"])
def test_beats_are_trained_and_exported(tmp_path, recipe):
    mine = train_for_a_score(tmp_path, recipe, "F1 % beats", "moments_per_step=100", "cuts=[60]")
    assert BeatTracker(BeatModel.load(mine)).find(quavers(20, 3)).beats


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["meter", "meter/without-asap"])
def test_meters_are_trained_and_exported(tmp_path, recipe):
    mine = train_for_a_score(tmp_path, recipe, "downbeats", "pieces_per_step=2", "cut=20")
    says = MeterModel.load(mine).hear(NoteTable.from_performance(quavers(20, 3)), BEAT_S * np.arange(20))
    assert torch.isfinite(says.place).all()


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["hands", "hands/without-asap"])
def test_hands_are_trained_and_exported(tmp_path, recipe):
    mine = train_for_a_score(tmp_path, recipe, "hands %", "notes_per_step=80", "cut=40")
    notes = quavers(20, 3)
    assert len(HandFinder.load(mine).find(notes).hand) == notes.n_notes


def test_without_the_extra(data, tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "tensorboard" else object())
    result = train(data, tmp_path / "run")
    assert result.exit_code == 2
    assert "tensorboard: not installed" in only_error(result)
    assert extras.install_command("train") in only_error(result)


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT there")
def test_ctrl_c_saves_and_stops(data, tmp_path):
    out = tmp_path / "run"
    command = command_line("train", "tiny", "--data", data, "--output", out, *SETTINGS, "--set", "steps=100000")
    command += ["--set", "save_every_steps=100000", "--set", "workers=1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=ENVIRONMENT, text=True)
    deadline = time.monotonic() + 300
    while not list(out.glob("tensorboard/*")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 130, stderr
    (checkpoint,) = RunFolder(out).checkpoints.all()
    assert stderr.splitlines()[-1] == f"stopped after step {checkpoint.step}, which is saved. --resume continues."
