"""Meter models as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from pianotrans.datasets.annotated import AnnotatedData
from pianotrans.score.meter.model import MeterModel, read_meter_config
from pianotrans.score.meter.network import MeterNetworkConfig
from pianotrans.training.annotated import describe_origin, know_features, spread_evenly
from pianotrans.training.beats.sampling import read_sources
from pianotrans.training.beats.task import LISTS
from pianotrans.training.meter.course import MeterCourse
from pianotrans.training.meter.examples import MeterBatch
from pianotrans.training.meter.objective import MeterObjective
from pianotrans.training.meter.sampling import MeterSampler
from pianotrans.training.meter.validation import FIGURES, validate_meters
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.blocks import make_block_optimizer
from pianotrans.training.optimisation.clipping import FixedClip
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

_N_MEASURED = 12  # batches that tell the mean and spread of features


class MeterTask:
    """A meter model, and the annotated performances that it learns from."""

    remedy = "Lower pieces_per_step or cut."

    def __init__(self, config: MeterNetworkConfig, settings: MeterCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        self.settings, self._config = settings, config
        found = AnnotatedData.find(data, settings.datasets)
        pieces = list(chain.from_iterable(LISTS[name](root) for name, root in found.roots.items()))
        learnt = read_sources(pieces, settings.split)
        self._sampler = MeterSampler(
            learnt,
            settings.augmentation,
            pieces_per_step=settings.pieces_per_step,
            cut=settings.cut,
            seed=settings.seed,
        )
        one_each = {piece.score: piece for piece in pieces if settings.validation.every_steps}
        self._heard = read_sources(one_each.values(), settings.validation.split)
        self.about = describe_origin(data, found, [source.notes for source in learnt])

    def make_model(self) -> MeterModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = MeterModel(self._config)
        know_features(model.network, [self._sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`."""
        assert isinstance(model, MeterModel)
        course = self.settings
        optimizer = make_block_optimizer(
            model.network,
            ("blocks",),
            rate=course.rate,
            muon_rate=course.muon_rate,
            weight_decay=course.weight_decay,
        )
        clip, average = FixedClip(course.gradient_norm), WeightAverage(model, course.average_decay)
        return TrainingState(model, optimizer, clip, average)

    def make_objective(self, model: nn.Module) -> MeterObjective:
        """Losses in nats per beat."""
        assert isinstance(model, MeterModel)
        return MeterObjective(model)

    def rate(self, step: int) -> float:
        """Up, level, and down to 0."""
        return self.settings.rate_of(step)

    def parts(self, steps: range) -> Iterator[list[MeterBatch]]:
        """One batch for each step."""
        return ([self._sampler.batch(step)] for step in steps)

    def validate(self, folder: Path) -> Validation:
        """Find the bars of performances that it has not learnt from, told their beats."""
        chosen = self.settings.validation
        heard = spread_evenly(self._heard, chosen.recordings)
        return validate_meters(MeterModel.load(folder), heard, chosen.seconds_each)


def _describe(about: About, settings: MeterCourse, checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "learnt from": f"{about.n_recordings} performances ({about.layout}, split {settings.split}), "
        f"{about.hours:.1f} hours",
        "steps": f"{checkpoint.step} of {settings.steps}, {settings.pieces_per_step} pieces each",
    }


def _report(settings: MeterCourse, scores: Mapping[str, float]) -> list[str]:
    chosen = settings.validation
    return [
        f"## Told the beats, on the split {chosen.split}, %",
        "",
        f"Mean over at most {chosen.recordings} performances, the first {chosen.seconds_each:g} s of each: F1 of "
        "downbeats, the share of pieces where it is above 90 %, and the geometric mean of the probability that is "
        "given to true places in bars.",
        "",
        f"| {' | '.join(FIGURES)} |",
        f"|{'---|' * len(FIGURES)}",
        f"| {' | '.join(f'{100 * scores[name]:.1f}' for name in FIGURES)} |",
    ]


METER = ModelKind(
    name="meter",
    title="A model that hears in which bars the beats of a piano performance lie.",
    settings=MeterCourse,
    best_by=FIGURES[0],
    read_config=read_meter_config,
    make_model=MeterModel,
    open_task=MeterTask,
    describe=_describe,
    report=_report,
    is_small=True,
)
