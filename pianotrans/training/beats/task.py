"""Beat trackers as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.piano_midi_de import list_piano_midi_de
from pianotrans.score.beats.network import BeatNetworkConfig
from pianotrans.score.beats.tracking import BeatModel
from pianotrans.training.annotated import AnnotatedTask, know_features
from pianotrans.training.beats.course import BeatCourse
from pianotrans.training.beats.examples import BeatBatch
from pianotrans.training.beats.objective import BeatObjective
from pianotrans.training.beats.sampling import BeatSampler, read_sources
from pianotrans.training.beats.validation import FIGURES, validate_beats
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

LISTS = {"asap": list_asap, "piano-midi-de": list_piano_midi_de}
_N_MEASURED = 12  # batches that tell the mean and spread of features


class BeatTask(AnnotatedTask[BeatCourse, BeatBatch]):
    """A beat tracker, and the annotated performances that it learns from."""

    remedy = "Lower moments_per_step or cuts."

    def __init__(self, config: BeatNetworkConfig, settings: BeatCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        super().__init__(settings, data, LISTS, read_sources)
        self._config = config
        self.sampler = BeatSampler(
            self.learnt,
            settings.augmentation,
            moments_per_step=settings.moments_per_step,
            cuts=settings.cuts,
            seed=settings.seed,
        )

    def make_model(self) -> BeatModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = BeatModel(self._config)
        know_features(model.network, [self.sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`; the few weights of the lattice have a rate of their own."""
        assert isinstance(model, BeatModel)
        potentials = {
            "params": list(model.potentials.parameters()),
            "weight_decay": 0.0,
            "factor": self.settings.potentials_rate,
        }
        return self.with_optimizer(model, model.network, ("before", "across", "after"), [potentials])

    def make_objective(self, model: nn.Module) -> BeatObjective:
        """Losses in nats per moment, and the likelihood in nats per beat."""
        assert isinstance(model, BeatModel)
        return BeatObjective(model, self.settings)

    def validate(self, folder: Path) -> Validation:
        """Find the beats of performances that it has not learnt from."""
        return validate_beats(BeatModel.load(folder), self.heard, self.settings.validation.seconds_each)


def _describe(about: About, settings: BeatCourse, checkpoint: Checkpoint) -> dict[str, str]:
    return {
        "learnt from": f"{about.n_recordings} performances ({about.layout}, split {settings.split}), "
        f"{about.hours:.1f} hours",
        "steps": f"{checkpoint.step} of {settings.steps}, about {settings.moments_per_step} moments each",
    }


def _report(settings: BeatCourse, scores: Mapping[str, float]) -> list[str]:
    chosen = settings.validation
    return [
        f"## F1 on the split {chosen.split}, %",
        "",
        f"Mean over at most {chosen.recordings} performances, the first {chosen.seconds_each:g} s of each; within "
        "70 ms, without the first 5 s.",
        "",
        f"| {' | '.join(FIGURES)} |",
        f"|{'---|' * len(FIGURES)}",
        f"| {' | '.join(f'{100 * scores[name]:.1f}' for name in FIGURES)} |",
    ]


BEATS = ModelKind(
    name="beats",
    title="A model that finds the beats and bars of a piano performance.",
    settings=BeatCourse,
    best_by=FIGURES[-1],
    read_config=BeatModel.read_config,
    make_model=BeatModel,
    open_task=BeatTask,
    describe=_describe,
    report=_report,
    is_small=True,
)
