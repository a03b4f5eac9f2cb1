"""Hand finders as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pianotrans.datasets.annotated import AnnotatedData
from pianotrans.datasets.hands import list_asap_hands
from pianotrans.datasets.piano_midi_de import list_piano_midi_de_hands
from pianotrans.score.hands.finding import HandModel, read_hand_config
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.training.annotated import describe_origin, know_features, spread_evenly
from pianotrans.training.hands.calibration import calibrate
from pianotrans.training.hands.course import HandCourse
from pianotrans.training.hands.examples import HandBatch
from pianotrans.training.hands.objective import HandObjective
from pianotrans.training.hands.sampling import HandSampler, read_hand_sources
from pianotrans.training.hands.validation import SHARE, TEMPERATURE, validate_hands
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.blocks import make_block_optimizer
from pianotrans.training.optimisation.clipping import FixedClip
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

LISTS = {"asap": list_asap_hands, "piano-midi-de": list_piano_midi_de_hands}
_N_MEASURED = 12  # batches that tell the mean and spread of features


class HandTask:
    """A hand finder, and the performances with known hands that it learns from."""

    remedy = "Lower notes_per_step or cut."

    def __init__(self, config: HandNetworkConfig, settings: HandCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        self.settings, self._config = settings, config
        found = AnnotatedData.find(data, settings.datasets)
        pieces = list(chain.from_iterable(LISTS[name](root) for name, root in found.roots.items()))
        learnt = read_hand_sources(pieces, settings.split)
        self._sampler = HandSampler(
            learnt,
            settings.augmentation,
            notes_per_step=settings.notes_per_step,
            cut=settings.cut,
            seed=settings.seed,
        )
        one_each = {piece.score: piece for piece in pieces if settings.validation.every_steps}
        self._heard = read_hand_sources(one_each.values(), settings.validation.split)
        self.about = describe_origin(data, found, [source.notes for source in learnt])

    def make_model(self) -> HandModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = HandModel(self._config)
        know_features(model.network, [self._sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`."""
        assert isinstance(model, HandModel)
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

    def make_objective(self, model: nn.Module) -> HandObjective:
        """The loss in nats per note."""
        assert isinstance(model, HandModel)
        return HandObjective(model)

    def rate(self, step: int) -> float:
        """Up, level, and down to 0."""
        return self.settings.rate_of(step)

    def parts(self, steps: range) -> Iterator[list[HandBatch]]:
        """One batch for each step."""
        return ([self._sampler.batch(step)] for step in steps)

    def validate(self, folder: Path) -> Validation:
        """Find the hands of performances that it has not learnt from, and fit the temperature on them."""
        chosen = self.settings.validation
        heard = spread_evenly(self._heard, chosen.recordings)
        return validate_hands(HandModel.load(folder), heard, chosen.seconds_each)


def _finish(weights: Mapping[str, Tensor], scores: Mapping[str, float]) -> dict[str, Tensor]:
    return calibrate(weights, scores.get(TEMPERATURE, 1.0))


def _describe(about: About, settings: HandCourse, checkpoint: Checkpoint) -> dict[str, str]:
    temperature = (checkpoint.scores or {}).get(TEMPERATURE)
    return {
        "learnt from": f"{about.n_recordings} performances ({about.layout}, split {settings.split}), "
        f"{about.hours:.1f} hours",
        "steps": f"{checkpoint.step} of {settings.steps}, {settings.notes_per_step} notes each",
        "confidence": "not calibrated, as it was not validated"
        if temperature is None
        else f"calibrated on the split {settings.validation.split}, temperature {temperature:.2f}",
    }


def _report(settings: HandCourse, scores: Mapping[str, float]) -> list[str]:
    chosen = settings.validation
    return [
        f"## {SHARE.capitalize()} on the split {chosen.split}, %",
        "",
        f"{100 * scores[SHARE]:.1f}: mean over at most {chosen.recordings} performances, one of each composition, "
        f"the first {chosen.seconds_each:g} s of each.",
    ]


HANDS = ModelKind(
    name="hands",
    title="A model that tells which hand plays each note of a piano performance.",
    settings=HandCourse,
    best_by=SHARE,
    read_config=read_hand_config,
    make_model=HandModel,
    open_task=HandTask,
    describe=_describe,
    report=_report,
    finish=_finish,
    is_small=True,
)
