"""Everything that changes from step to step; saved to files and restored bit by bit."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from pianotrans.errors import TrainingError
from pianotrans.inference.checkpoint import check_fit
from pianotrans.inference.registry import WEIGHTS_FILE
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.clipping import Clip
from pianotrans.training.optimisation.joined import AnyOptimizer
from pianotrans.weights import encode_weights

STATE_FILE, TENSORS_FILE = "state.json", "training.safetensors"
_FORMAT = {"format": "pianotrans-training", "version": 1}
_MODEL, _OPTIMIZER, _CLIP = "model.", "optimizer.", "clip.history"


@dataclass
class TrainingState:
    """A model and what changes it, after `step` steps."""

    model: nn.Module
    optimizer: AnyOptimizer
    clip: Clip
    average: WeightAverage
    step: int = 0

    def files(self) -> dict[str, bytes]:
        """Names and contents: the averaged weights for inference, and everything that continuing needs."""
        state = self.optimizer.state_dict()
        tensors = {
            **{f"{_MODEL}{name}": tensor for name, tensor in self.model.state_dict().items()},
            **{
                f"{_OPTIMIZER}{number}.{name}": tensor
                for number, moments in state["state"].items()
                for name, tensor in moments.items()
            },
            _CLIP: torch.from_numpy(self.clip.history),
        }
        about = {**_FORMAT, "step": self.step, "optimizer": state["param_groups"]}
        return {
            WEIGHTS_FILE: encode_weights(self.average.tensors()),
            TENSORS_FILE: encode_weights(tensors),
            STATE_FILE: json.dumps(about, indent=1).encode(),
        }

    def restore(self, folder: Path) -> None:
        """Restore the state from a folder. Raises TrainingError if its files are damaged or another model's."""
        try:
            about = json.loads((folder / STATE_FILE).read_bytes())
            tensors = safetensors.torch.load_file(folder / TENSORS_FILE)
            averages = safetensors.torch.load_file(folder / WEIGHTS_FILE)
            given = {name: about.get(name) for name in _FORMAT}
            if given != _FORMAT:
                raise TrainingError(f"{folder}: format and version are {given}, not {_FORMAT}. Train anew.")
            weights = _part(tensors, _MODEL)
            for found in (weights, averages):
                check_fit(self.model, found, str(folder))
            self.optimizer.load_state_dict(
                {"state": _moments(_part(tensors, _OPTIMIZER)), "param_groups": about["optimizer"]}
            )
            self._check_moments()
            self.model.load_state_dict(weights)
            self.average.restore(averages)
            self.clip.restore(tensors[_CLIP].tolist())
            self.step = int(about["step"])
        except TrainingError:
            raise
        except Exception as error:  # files may hold anything, and torch says so in many ways
            raise TrainingError(
                f"{folder}: damaged, or of another run ({error}). Delete it to go on from an earlier checkpoint."
            ) from error

    def _check_moments(self) -> None:
        """Raise ValueError where what the optimiser remembers is not of the shape of its weights."""
        for weight, moments in self.optimizer.state.items():
            for name, moment in moments.items():
                if isinstance(moment, Tensor) and moment.dim() and moment.shape != weight.shape:
                    raise ValueError(f"{name} of shape {tuple(moment.shape)} for {tuple(weight.shape)}")


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _moments(tensors: dict[str, Tensor]) -> dict[int, dict[str, Any]]:
    """The optimizer's tensors by the number of their weight, as its `state_dict` has them."""
    moments: dict[int, dict[str, Any]] = {}
    for full_name, tensor in tensors.items():
        number, _, name = full_name.partition(".")
        moments.setdefault(int(number), {})[name] = tensor
    return moments
