"""Meter models as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from pianotrans.score.meter.model import MeterModel
from pianotrans.score.meter.network import MeterNetworkConfig
from pianotrans.training.annotated import AnnotatedTask, know_features
from pianotrans.training.beats.sampling import read_sources
from pianotrans.training.beats.task import LISTS
from pianotrans.training.meter.course import MeterCourse
from pianotrans.training.meter.examples import MeterBatch
from pianotrans.training.meter.objective import MeterObjective
from pianotrans.training.meter.sampling import MeterSampler
from pianotrans.training.meter.validation import FIGURES, validate_meters
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

_N_MEASURED = 12  # batches that tell the mean and spread of features


class MeterTask(AnnotatedTask[MeterCourse, MeterBatch]):
    """A meter model, and the annotated performances that it learns from."""

    remedy = "Lower pieces_per_step or cut."

    def __init__(self, config: MeterNetworkConfig, settings: MeterCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        super().__init__(settings, data, LISTS, read_sources)
        self._config = config
        self.sampler = MeterSampler(
            self.learnt,
            settings.augmentation,
            pieces_per_step=settings.pieces_per_step,
            cut=settings.cut,
            seed=settings.seed,
        )

    def make_model(self) -> MeterModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = MeterModel(self._config)
        know_features(model.network, [self.sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`."""
        assert isinstance(model, MeterModel)
        return self.with_optimizer(model, model.network, ("blocks",))

    def make_objective(self, model: nn.Module) -> MeterObjective:
        """Losses in nats per beat."""
        assert isinstance(model, MeterModel)
        return MeterObjective(model)

    def validate(self, folder: Path) -> Validation:
        """Find the bars of performances that it has not learnt from, told their beats."""
        return validate_meters(MeterModel.load(folder), self.heard, self.settings.validation.seconds_each)


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
    read_config=MeterModel.read_config,
    make_model=MeterModel,
    open_task=MeterTask,
    describe=_describe,
    report=_report,
    is_small=True,
)
