"""What all kinds of models share that learn from annotated performances."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from pianotrans.datasets.annotated import AnnotatedData
from pianotrans.errors import TrainingError
from pianotrans.score.beats.notes import NoteTable
from pianotrans.tables import check_ranges
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.blocks import make_block_optimizer
from pianotrans.training.optimisation.clipping import FixedClip
from pianotrans.training.optimisation.schedule import trapezoid
from pianotrans.training.runs.about import About
from pianotrans.training.runs.settings import RunSettings
from pianotrans.training.runs.state import TrainingState
from pianotrans.version import __version__

_LEAST_SPREAD = 0.05  # of a feature
_Item = TypeVar("_Item")
_Settings = TypeVar("_Settings", bound="AnnotatedCourse")
_Batch_co = TypeVar("_Batch_co", covariant=True)
_Batch = TypeVar("_Batch")


@dataclass(frozen=True)
class AnnotatedCourse(RunSettings):
    """The settings of a whole run, but for what is in a step."""

    seed: int = 7
    save_every_steps: int = 100
    datasets: tuple[str, ...] = ("asap", "piano-midi-de")  # that it learns from
    rate: float = 1.5e-3
    warm_up_steps: int = 50
    fall: float = 0.5  # the last part of the run, over which the rate falls to 0
    weight_decay: float = 0.1
    muon_rate: float = 2.0  # how much faster the matrices within blocks learn
    average_decay: float = 0.995
    gradient_norm: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(
            self,
            "",
            TrainingError,
            positive=("rate", "gradient_norm"),
            not_negative=("warm_up_steps", "weight_decay", "muon_rate"),
            part=("fall",),
            below_one=("average_decay",),
        )

    def rate_of(self, step: int) -> float:
        """The learning rate of a step: up, level, and down to 0."""
        return trapezoid(step, self.steps, self.rate, self.warm_up_steps, self.fall)


class _Sampler(Protocol[_Batch_co]):
    """Batches by their step."""

    def batch(self, step: int) -> _Batch_co: ...


class AnnotatedTask(Generic[_Settings, _Batch]):
    """What their tasks have in common: performances, rates, and batches of a `sampler` that each kind makes.

    `lists` find the pieces of each data set in its folder, and `read` gives what is learnt from those of a split.
    """

    sampler: _Sampler[_Batch]

    def __init__(
        self,
        settings: _Settings,
        data: Sequence[Path],
        lists: Mapping[str, Callable[[Path], Iterable[Any]]],
        read: Callable[[Iterable[Any], str], Sequence[Any]],
    ):
        """`data` are the folders of the data sets that the settings name."""
        self.settings = settings
        found = AnnotatedData.find(data, settings.datasets)
        pieces = list(chain.from_iterable(lists[name](root) for name, root in found.roots.items()))
        self.learnt = read(pieces, settings.split)
        one_each = {piece.score: piece for piece in pieces if settings.validation.every_steps}
        heard = read(one_each.values(), settings.validation.split)
        self.heard = spread_evenly(heard, settings.validation.recordings)
        self.about = describe_origin(data, found, [source.notes for source in self.learnt])

    def rate(self, step: int) -> float:
        """Up, level, and down to 0."""
        return self.settings.rate_of(step)

    def parts(self, steps: range) -> Iterator[list[_Batch]]:
        """One batch for each step."""
        return ([self.sampler.batch(step)] for step in steps)

    def with_optimizer(
        self, model: nn.Module, network: nn.Module, blocks: Sequence[str], more: Sequence[dict[str, Any]] = ()
    ) -> TrainingState:
        """The model with what changes it; see `make_block_optimizer`."""
        course = self.settings
        optimizer = make_block_optimizer(
            network,
            tuple(blocks),
            rate=course.rate,
            muon_rate=course.muon_rate,
            weight_decay=course.weight_decay,
            more=tuple(more),
        )
        clip, average = FixedClip(course.gradient_norm), WeightAverage(model, course.average_decay)
        return TrainingState(model, optimizer, clip, average)


class _Scaled(Protocol):
    """A network that scales its features by their mean and spread."""

    feature_mean: Tensor
    feature_scale: Tensor


class _Padded(Protocol):
    """A batch of padded features (B, M, n_features); `is_there` (B, M) is False for padding."""

    @property
    def features(self) -> Tensor: ...

    @property
    def is_there(self) -> Tensor: ...


def know_features(network: _Scaled, batches: Iterable[_Padded]) -> None:
    """Set the mean and spread of features by those of some batches."""
    features = torch.cat([batch.features[batch.is_there] for batch in batches])
    network.feature_mean.copy_(features.mean(dim=0))
    network.feature_scale.copy_(features.std(dim=0).clamp(min=_LEAST_SPREAD))


def describe_origin(data: Sequence[Path], found: AnnotatedData, performances: Sequence[NoteTable]) -> About:
    """The origin of a run that learns from these performances of the data sets in `data`."""
    return About(
        initial="",
        data=" ".join(map(str, data)),
        layout=", ".join(found.roots),
        durations="",
        n_recordings=len(performances),
        hours=sum(float(notes.offset_s.max()) for notes in performances) / 3600,
        index_sha256=found.sha256,
        version=__version__,
    )


def spread_evenly(items: Sequence[_Item], most: int) -> list[_Item]:
    """At most so many items, evenly spread over all."""
    n = min(most, len(items))
    return [items[i * len(items) // n] for i in range(n)]
