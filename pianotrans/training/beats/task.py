"""Beat trackers as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from pianotrans.datasets.annotated import AnnotatedData
from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.piano_midi_de import list_piano_midi_de
from pianotrans.score.beats.network import BeatNetworkConfig
from pianotrans.score.beats.tracking import BeatModel, read_config
from pianotrans.training.annotated import describe_origin, know_features, spread_evenly
from pianotrans.training.beats.course import BeatCourse
from pianotrans.training.beats.examples import BeatBatch
from pianotrans.training.beats.objective import BeatObjective
from pianotrans.training.beats.sampling import BeatSampler, read_sources
from pianotrans.training.beats.validation import FIGURES, validate_beats
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.blocks import make_block_optimizer
from pianotrans.training.optimisation.clipping import FixedClip
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

LISTS = {"asap": list_asap, "piano-midi-de": list_piano_midi_de}
_N_MEASURED = 12  # batches that tell the mean and spread of features


class BeatTask:
    """A beat tracker, and the annotated performances that it learns from."""

    remedy = "Lower moments_per_step or cuts."

    def __init__(self, config: BeatNetworkConfig, settings: BeatCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        self.settings, self._config = settings, config
        found = AnnotatedData.find(data, settings.datasets)
        pieces = list(chain.from_iterable(LISTS[name](root) for name, root in found.roots.items()))
        learnt = read_sources(pieces, settings.split)
        self._sampler = BeatSampler(
            learnt,
            settings.augmentation,
            moments_per_step=settings.moments_per_step,
            cuts=settings.cuts,
            seed=settings.seed,
        )
        one_each = {piece.score: piece for piece in pieces if settings.validation.every_steps}
        self._heard = read_sources(one_each.values(), settings.validation.split)
        self.about = describe_origin(data, found, [source.notes for source in learnt])

    def make_model(self) -> BeatModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = BeatModel(self._config)
        know_features(model.network, [self._sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`; the few weights of the lattice have a rate of their own."""
        assert isinstance(model, BeatModel)
        course = self.settings
        potentials = {
            "params": list(model.potentials.parameters()),
            "weight_decay": 0.0,
            "factor": course.potentials_rate,
        }
        optimizer = make_block_optimizer(
            model.network,
            ("before", "across", "after"),
            rate=course.rate,
            muon_rate=course.muon_rate,
            weight_decay=course.weight_decay,
            more=(potentials,),
        )
        clip, average = FixedClip(course.gradient_norm), WeightAverage(model, course.average_decay)
        return TrainingState(model, optimizer, clip, average)

    def make_objective(self, model: nn.Module) -> BeatObjective:
        """Losses in nats per moment, and the likelihood in nats per beat."""
        assert isinstance(model, BeatModel)
        return BeatObjective(model, self.settings)

    def rate(self, step: int) -> float:
        """Up, level, and down to 0."""
        return self.settings.rate_of(step)

    def parts(self, steps: range) -> Iterator[list[BeatBatch]]:
        """One batch for each step."""
        return ([self._sampler.batch(step)] for step in steps)

    def validate(self, folder: Path) -> Validation:
        """Find the beats of performances that it has not learnt from."""
        chosen = self.settings.validation
        heard = spread_evenly(self._heard, chosen.recordings)
        return validate_beats(BeatModel.load(folder), heard, chosen.seconds_each)


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
    read_config=read_config,
    make_model=BeatModel,
    open_task=BeatTask,
    describe=_describe,
    report=_report,
    is_small=True,
)
