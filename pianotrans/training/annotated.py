"""What all kinds of models share that learn from annotated performances."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from pianotrans.datasets.annotated import AnnotatedData
from pianotrans.score.beats.notes import NoteTable
from pianotrans.training.runs.about import About
from pianotrans.version import __version__

_LEAST_SPREAD = 0.05  # of a feature
_Item = TypeVar("_Item")


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
