"""Killed at any moment, a run goes on to the very same weights."""

import json
import subprocess
import sys

import pytest

from tests.commands.driving import ENVIRONMENT, REPOSITORY

from .killing import STEPS
from .making import contents, loop, make_index

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kill")]


def test_killed_and_resumed_is_the_same_run(tmp_path):
    data = make_index(tmp_path / "data", duration_s=3.0)
    command = [sys.executable, "-m", "tests.training.killing", str(data), str(tmp_path / "killed"), "0"]
    done = subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY, env=ENVIRONMENT, timeout=300)
    steps = json.loads(done.stdout.splitlines()[-1])
    assert steps == sorted(steps), "no kill ever lost a checkpoint"
    assert len(set(steps)) > 1, "some were killed on their way"

    whole = loop(data, tmp_path / "whole", *STEPS)
    whole.run()
    killed = loop(data, tmp_path / "killed", *STEPS, resume=True)
    assert contents(killed.checkpoints.last()) == contents(whole.checkpoints.last())
    assert [one.step for one in killed.checkpoints.all()] == [one.step for one in whole.checkpoints.all()]
    assert not list((tmp_path / "killed" / "checkpoints").glob(".*"))
