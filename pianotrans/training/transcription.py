"""Transcription models as a kind that is trained: network, data, rates, validation and card."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from pianotrans.inference.registry import find_model
from pianotrans.network import AnyModelConfig, Model
from pianotrans.network.harmonic import HarmonicBackbone
from pianotrans.training.data.chunks import Batch, Chunks
from pianotrans.training.data.index import Recording
from pianotrans.training.data.material import Material
from pianotrans.training.data.sampler import Order, Share, load_parts
from pianotrans.training.loss import Objective
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.clipping import GradientClip
from pianotrans.training.optimisation.groups import make_optimizer
from pianotrans.training.optimisation.schedule import one_cycle
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.settings import TrainingSettings
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.task import ModelKind, Validation
from pianotrans.training.runs.validation import Validator
from pianotrans.version import __version__

_RARITY = 3.0  # minus the score that a new model gives a singleton, and an interval for each frame of its length
_SHOWN = (
    "keys onset",
    "keys onset+offset",
    "keys onset+offset+velocity",
    "sustain pedal onset",
    "sustain pedal onset+offset",
)
_DURATIONS = {
    "keys": "as the keys were held",
    "sounding": "as the notes sound, lengthened by the sustain pedal",
}


class TranscriptionTask:
    """A transcription model, and the prepared recordings that it learns from."""

    remedy = "Set recompute, raise accumulation, or lower clips_per_step or chunks.length_s."

    def __init__(self, config: AnyModelConfig, settings: TrainingSettings, data: Sequence[Path], fabric: Fabric):
        """`data` are folders that `pianotrans prepare` wrote; the model learns from all of them alike."""
        self._share = Share(settings.clips_per_step, settings.accumulation, fabric.world_size, fabric.global_rank)
        self.settings, self._config = settings, config
        material = Material.read(data)
        recordings = material.of_split(settings.split)
        self._chunks = Chunks(recordings, config, settings.chunks, settings.seed)
        heard = material.of_split(settings.validation.split) if settings.validation.every_steps else ()
        self._validator = Validator(heard, settings.validation, fabric)
        self.about = About(
            initial="",
            data=", ".join(str(folder) for folder in data),
            layout=material.layout,
            durations=str(material.durations),
            n_recordings=len(recordings),
            hours=_hours(recordings),
            index_sha256=material.digest,
            version=__version__,
        )

    def make_model(self) -> Model:
        """See `make_model`."""
        return make_model(self._config, self.settings)

    def make_state(self, model: nn.Module) -> TrainingState:
        """See `make_state`."""
        return make_state(model, self.settings)

    def make_objective(self, model: nn.Module) -> Objective:
        """Losses in nats per second of audio: intervals and attributes."""
        assert isinstance(model, Model)
        return Objective(model, self.settings)

    def rate(self, step: int) -> float:
        """One cycle of the learning rate."""
        course = self.settings.optimisation
        return one_cycle(step, self.settings.steps, course.peak_rate, course.warm_up)

    def parts(self, steps: range) -> Iterator[list[Batch]]:
        """Chunks, in as many parts as `accumulation` says."""
        order = Order(len(self._chunks), self.settings.seed, steps, self._share)
        batches = load_parts(self._chunks, order, self.settings.workers)
        while parts := list(islice(batches, self.settings.accumulation)):
            yield parts

    def validate(self, folder: Path) -> Validation:
        """See `Validator`."""
        return self._validator(folder)


def make_model(config: AnyModelConfig, settings: TrainingSettings) -> Model:
    """A model before its first step, ready to be trained."""
    model = random_model(config, settings.seed)
    model.attributes.dropout.p = settings.attribute_dropout
    model.backbone.recompute_blocks(settings.recompute)
    return model.train()


def make_state(model: nn.Module, settings: TrainingSettings) -> TrainingState:
    """The model with what changes it, after no steps."""
    course = settings.optimisation
    return TrainingState(
        model,
        make_optimizer(model, course),
        GradientClip(course.clip_quantile, course.clip_history),
        WeightAverage(model, course.average_decay),
    )


def random_model(config: AnyModelConfig, seed: int) -> Model:
    """A model that has learnt nothing, and expects to hear nothing.

    Few of all possible intervals are real. A model without that expectation would spend its first hundred steps on
    unlearning the others.
    """
    torch.manual_seed(seed)
    model = Model(config)
    model.spectrogram.fill_filters()
    width = config.context_width
    with torch.no_grad():
        bias = model.scorer.bias
        bias[:width] = math.sqrt(_RARITY) / width**0.25  # so that query · key / sqrt(width) is -_RARITY
        bias[width : 2 * width] = -bias[:width]
        bias[2 * width] = -_RARITY
    if isinstance(model.backbone, HarmonicBackbone):
        model.backbone.prepare_scorer(model.scorer)
    return model


def _hours(recordings: Sequence[Recording]) -> float:
    return sum(one.duration_s for one in recordings) / 3600


def _read_config(folder: Path) -> AnyModelConfig:
    return find_model(folder).config()


def _describe(about: About, settings: TrainingSettings, checkpoint: Checkpoint) -> dict[str, str]:
    seen_s = checkpoint.step * settings.clips_per_step * settings.chunks.length_s
    return {
        "learnt from": f"{about.n_recordings} recordings ({about.layout}, split {settings.split}), "
        f"{about.hours:.1f} hours",
        "durations": _DURATIONS.get(about.durations, about.durations),
        "steps": f"{checkpoint.step} of {settings.steps}, {settings.clips_per_step} clips of "
        f"{settings.chunks.length_s:g} s each ({seen_s / 3600:.1f} hours heard)",
    }


def _report(settings: TrainingSettings, scores: Mapping[str, float]) -> list[str]:
    shown = [name for name in _SHOWN if name in scores]
    chosen = settings.validation
    return [
        f"## F1 on the split {chosen.split}, %",
        "",
        f"Mean over at most {chosen.recordings} recordings, the first {chosen.seconds_each:g} s of each; onsets "
        "within 50 ms, offsets within 50 ms or 20 %. Too little to be compared with published scores: "
        "`pianotrans evaluate dataset` measures those.",
        "",
        f"| {' | '.join(name.removeprefix('keys ') for name in shown)} |",
        f"|{'---|' * len(shown)}",
        f"| {' | '.join(f'{100 * scores[name]:.2f}' for name in shown)} |",
    ]


TRANSCRIPTION = ModelKind(
    name="transcription",
    title="A piano transcription model.",
    settings=TrainingSettings,
    best_by="keys onset+offset",
    read_config=_read_config,
    make_model=Model,
    open_task=TranscriptionTask,
    describe=_describe,
    report=_report,
)
