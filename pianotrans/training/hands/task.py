"""Hand finders as a kind that is trained: network, data, rates, validation and card."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from pianotrans.datasets.hands import list_asap_hands
from pianotrans.datasets.piano_midi_de import list_piano_midi_de_hands
from pianotrans.score.hands.finding import HandModel
from pianotrans.score.hands.network import HandNetworkConfig
from pianotrans.training.annotated import AnnotatedTask, know_features
from pianotrans.training.hands.calibration import calibrate
from pianotrans.training.hands.course import HandCourse
from pianotrans.training.hands.examples import HandBatch
from pianotrans.training.hands.objective import HandObjective
from pianotrans.training.hands.sampling import HandSampler, read_hand_sources
from pianotrans.training.hands.validation import SHARE, TEMPERATURE, validate_hands
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation

LISTS = {"asap": list_asap_hands, "piano-midi-de": list_piano_midi_de_hands}
_N_MEASURED = 12  # batches that tell the mean and spread of features


class HandTask(AnnotatedTask[HandCourse, HandBatch]):
    """A hand finder, and the performances with known hands that it learns from."""

    remedy = "Lower notes_per_step or cut."

    def __init__(self, config: HandNetworkConfig, settings: HandCourse, data: Sequence[Path], fabric: Fabric):  # noqa: ARG002 - one process on the CPU
        """`data` are the folders of the data sets that the settings name."""
        super().__init__(settings, data, LISTS, read_hand_sources)
        self._config = config
        self.sampler = HandSampler(
            self.learnt,
            settings.augmentation,
            notes_per_step=settings.notes_per_step,
            cut=settings.cut,
            seed=settings.seed,
        )

    def make_model(self) -> HandModel:
        """Random weights; the mean and spread of features are those of some batches."""
        torch.manual_seed(self.settings.seed)
        model = HandModel(self._config)
        know_features(model.network, [self.sampler.batch(-1 - i) for i in range(_N_MEASURED)])
        return model.train()

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_block_optimizer`."""
        assert isinstance(model, HandModel)
        return self.with_optimizer(model, model.network, ("blocks",))

    def make_objective(self, model: nn.Module) -> HandObjective:
        """The loss in nats per note."""
        assert isinstance(model, HandModel)
        return HandObjective(model)

    def validate(self, folder: Path) -> Validation:
        """Find the hands of performances that it has not learnt from, and fit the temperature on them."""
        return validate_hands(HandModel.load(folder), self.heard, self.settings.validation.seconds_each)


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
    read_config=HandModel.read_config,
    make_model=HandModel,
    open_task=HandTask,
    describe=_describe,
    report=_report,
    finish=_finish,
    is_small=True,
)
