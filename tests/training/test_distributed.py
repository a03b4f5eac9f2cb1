"""Two processes that share the clips of a step have the gradient of one that has them all."""

import subprocess
import sys

import pytest
import safetensors.torch
import torch

from pianotrans.training.runs.run_folder import RunFolder
from tests.commands.driving import ENVIRONMENT, REPOSITORY

from .making import make_index


def started(data, out, n_processes):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n_processes}"]
    command += ["-m", "tests.training.distributed", str(data), str(out)]
    done = subprocess.run(command, capture_output=True, cwd=REPOSITORY, env=ENVIRONMENT, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return safetensors.torch.load_file(out / f"gradients-{n_processes}.safetensors")


@pytest.mark.slow
def test_two_processes_have_the_gradient_of_one(tmp_path):
    data = make_index(tmp_path / "data", n_train=2, n_validation=2, duration_s=3.0)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone = started(data, tmp_path / "one", 1)
    together = started(data, tmp_path / "two", 2)
    assert alone.keys() == together.keys()
    for name, gradient in alone.items():
        difference = (together[name] - gradient).norm() / gradient.norm()
        assert difference < 1e-5, name
    (whole,), (shared,) = (RunFolder(tmp_path / folder).checkpoints.all() for folder in ("one/run-1", "two/run-2"))
    weights = [safetensors.torch.load_file(one.folder / "weights.safetensors") for one in (whole, shared)]
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight, rtol=1e-3, atol=1e-3)
    assert shared.scores.keys() == whole.scores.keys(), "validated together"
