"""What is trained: all that loop, run folder and export do not know themselves.

A kind of model is one `ModelKind`, listed in `kinds.py`. With settings and data it becomes a `TrainingTask`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn

from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.settings import RunSettings
from pianotrans.training.runs.state import TrainingState

TOTAL = "total"
"""The name of the loss that is minimised, among those that an objective gives."""


class Part(Protocol):
    """What a process computes at once: its examples of a step, or a part of these."""

    @property
    def identities(self) -> Sequence[str]:
        """Which examples they are, for messages."""

    def to(self, device: torch.device) -> Self:
        """The same on a device."""


@dataclass(frozen=True, eq=False)
class Validation:
    """How good a checkpoint is: figures by their names, a line of text, and a picture.

    The figure that checkpoints are compared by is from 0 to 1. Others may be what `ModelKind.finish` needs.
    """

    scores: dict[str, float]
    summary: str
    picture: NDArray[np.uint8] | None = None  # (height, width, 3)


class TrainingTask(Protocol):
    """A model to train, with its data. The same settings and data give the same of everything."""

    remedy: str  # for a device whose memory does not hold a step

    @property
    def settings(self) -> RunSettings:
        """The settings of the run."""

    @property
    def about(self) -> About:
        """Its origin, with random weights at the beginning."""

    def make_model(self) -> nn.Module:
        """A model before its first step, with random weights by the seed, ready to be trained."""

    def make_state(self, model: nn.Module) -> TrainingState:
        """The model with what changes it, after no steps."""

    def make_objective(self, model: nn.Module) -> nn.Module:
        """A module of a `Part` and the number of the step; gives losses by their names, one of them `TOTAL`."""

    def rate(self, step: int) -> float:
        """The learning rate of a step, from 0; groups of weights have it times their `factor`, if they have one."""

    def parts(self, steps: range) -> Iterator[Sequence[Part]]:
        """The parts of each of these steps that this process computes. Raises DatasetError where data are gone."""

    def validate(self, folder: Path) -> Validation:
        """How good the checkpoint in a folder is; every process calls it, and the first has all figures."""


def _as_they_are(weights: dict[str, Tensor], scores: Mapping[str, float]) -> dict[str, Tensor]:  # noqa: ARG001
    return weights


@dataclass(frozen=True)
class ModelKind:
    """A kind of model.

    `settings` is the class of its recipes, `best_by` the figure that checkpoints are compared by. `read_config`
    reads the configuration in a model's folder (ModelError), `make_model` makes a model of it with any weights,
    `open_task` takes configuration, settings, data and fabric and raises TrainingError or DatasetError. `describe`
    gives the rows of a card, and `report` its lines about figures. `finish` takes the weights of a checkpoint and
    the figures of its validation, none if there was none, and gives the weights to export. `is_small`: trained by
    one process on the CPU.
    """

    name: str
    title: str
    settings: type[RunSettings]
    best_by: str
    read_config: Callable[[Path], Any]
    make_model: Callable[[Any], nn.Module]
    open_task: Callable[[Any, Any, Sequence[Path], Fabric], TrainingTask]
    describe: Callable[[About, Any, Checkpoint], Mapping[str, str]]
    report: Callable[[Any, Mapping[str, float]], Sequence[str]]
    finish: Callable[[dict[str, Tensor], Mapping[str, float]], dict[str, Tensor]] = _as_they_are
    is_small: bool = False
