"""Two processes that share the clips of a step have the gradient of one that has them all."""

import subprocess
import sys

import pytest
import safetensors.torch
import torch

from pianotrans.training.runs.run_folder import RunFolder
from tests.commands.driving import ENVIRONMENT, REPOSITORY

from . import distributed
from .making import make_index


def start_two(data, out):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.training.distributed", str(data), str(out)]
    done = subprocess.run(command, capture_output=True, cwd=REPOSITORY, env=ENVIRONMENT, timeout=300)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
def test_two_processes_have_the_gradient_of_one(tmp_path):
    data = make_index(tmp_path / "data", n_train=2, n_validation=2, duration_s=3.0)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    distributed.main(data, tmp_path / "one")
    start_two(data, tmp_path / "two")
    alone, together = (
        safetensors.torch.load_file(tmp_path / name)
        for name in ("one/gradients-1.safetensors", "two/gradients-2.safetensors")
    )
    assert alone.keys() == together.keys()
    for name, gradient in alone.items():
        difference = (together[name] - gradient).norm() / gradient.norm()
        assert difference < 1e-5, name
    (whole,), (shared,) = (RunFolder(tmp_path / folder).checkpoints.all() for folder in ("one/run-1", "two/run-2"))
    weights = [safetensors.torch.load_file(one.folder / "weights.safetensors") for one in (whole, shared)]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, rtol=1e-3, atol=1e-3)
    assert shared.scores.keys() == whole.scores.keys(), "validated together"
