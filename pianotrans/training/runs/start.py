"""Putting a run together: model, data and state, at its beginning or where it was left."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric

from pianotrans.errors import TrainingError
from pianotrans.inference.checkpoint import check_fit, read_weights
from pianotrans.inference.pull import pull
from pianotrans.inference.registry import CONFIG_FILE, find_model
from pianotrans.network import Model, ModelConfig
from pianotrans.network.spectrogram import mel_filterbank
from pianotrans.training.data.chunks import Chunks
from pianotrans.training.data.index import FILE_NAME, Index, Recording, read_index
from pianotrans.training.data.sampler import Order, Share, load_parts
from pianotrans.training.optimisation.average import WeightAverage
from pianotrans.training.optimisation.clipping import GradientClip
from pianotrans.training.optimisation.groups import make_optimizer
from pianotrans.training.runs.loop import Loop, LoopWatcher
from pianotrans.training.runs.run_folder import About, RunFolder, TrainingRecipe
from pianotrans.training.runs.settings import TrainingSettings
from pianotrans.training.runs.state import TrainingState
from pianotrans.training.runs.tensorboard import Journal
from pianotrans.training.runs.validation import Validator
from pianotrans.version import __version__

_RARITY = 3.0  # minus the score that a new model gives a singleton, and an interval for each frame of its length


@dataclass(frozen=True)
class Request:
    """A run as the user asks for it."""

    recipe: TrainingRecipe
    data: Path  # a prepared index
    output: Path
    resume: bool = False
    initial: str | None = None  # a model to begin with


def make_loop(
    request: Request,
    fabric: Fabric,
    watchers: tuple[LoopWatcher, ...] = (),
    is_stopping: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda _: None,
) -> Loop:
    """A loop that is ready to run, and the folder that it writes to.

    Raises TrainingError, ModelError, DatasetError or OutputError for whatever cannot be done as asked.
    """
    settings, config = request.recipe.settings, request.recipe.entry.config()
    share = Share(settings.clips_per_step, settings.accumulation, fabric.world_size, fabric.global_rank)
    index = read_index(request.data)
    chunks = Chunks(index.of_split(settings.split), config, settings.chunks, settings.seed)
    run = RunFolder(request.output)
    if fabric.is_global_zero:
        _enter(run, request, index, say)
    fabric.barrier()
    state = make_state(config, settings, fabric.device, None if request.resume else request.initial, say)
    last = run.checkpoints.last()
    if last is not None:
        state.restore(last.folder)
        say(f"Continuing after step {last.step} of {settings.steps}.")
    order = Order(len(chunks), settings.seed, range(state.step, settings.steps), share)
    if fabric.is_global_zero:
        watchers = (*watchers, Journal(run.journal, state.step))
    return Loop(
        fabric,
        state,
        settings,
        run.checkpoints,
        load_parts(chunks, order, settings.workers),
        (run.path / CONFIG_FILE).read_bytes(),
        watchers,
        _validator(index, settings, fabric),
        is_stopping,
    )


def make_state(
    config: ModelConfig,
    settings: TrainingSettings,
    device: torch.device,
    initial: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> TrainingState:
    """A model before its first step: random weights by the seed, or those of a model of the same shape."""
    model = random_model(config, settings.seed)
    if initial is not None:
        entry = find_model(initial)
        if not entry.weights_path.exists():
            pull(entry, say=say)
        tensors = read_weights(entry)
        check_fit(model, tensors, str(entry.weights_path))
        model.load_state_dict(tensors)
    model.attributes.dropout.p = settings.attribute_dropout
    model.backbone.recompute_blocks(settings.recompute)
    model.train().to(device)
    course = settings.optimisation
    return TrainingState(
        model,
        make_optimizer(model, course),
        GradientClip(course.clip_quantile, course.clip_history),
        WeightAverage(model, course.average_decay),
    )


def random_model(config: ModelConfig, seed: int) -> Model:
    """A model that has learnt nothing, and expects to hear nothing.

    Few of all possible intervals are real. A model without that expectation would spend its first hundred steps on
    unlearning the others.
    """
    torch.manual_seed(seed)
    model = Model(config)
    model.spectrogram.mel_filters.copy_(mel_filterbank(config.spectrogram))
    width = config.transformer.context
    with torch.no_grad():
        bias = model.scorer.bias
        bias[:width] = math.sqrt(_RARITY) / width**0.25  # so that query · key / sqrt(width) is -_RARITY
        bias[width : 2 * width] = -bias[:width]
        bias[2 * width] = -_RARITY
    return model


def _enter(run: RunFolder, request: Request, index: Index, say: Callable[[str], None]) -> None:
    """Make the folder of a new run, or check that the run may be continued."""
    about = _about(request, index)
    if not request.resume:
        run.begin(request.recipe, about)
        return
    run.go_on(request.recipe)
    begun = run.about()
    if request.initial not in (None, begun.initial):
        raise TrainingError(
            f"{run.path}: began with {begun.initial or 'random weights'}. "
            "Leave --init out, or use another --output."
        )
    if begun.index_sha256 != about.index_sha256:
        say(f"{request.data}: has changed since the run began; its batches will be others.")


def _about(request: Request, index: Index) -> About:
    file = request.data / FILE_NAME if request.data.is_dir() else request.data
    recordings = index.of_split(request.recipe.settings.split)
    return About(
        initial=request.initial or "",
        data=str(request.data),
        layout=index.layout,
        durations=str(index.durations),
        n_recordings=len(recordings),
        hours=_hours(recordings),
        index_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        version=__version__,
    )


def _hours(recordings: tuple[Recording, ...]) -> float:
    return sum(one.duration_s for one in recordings) / 3600


def _validator(index: Index, settings: TrainingSettings, fabric: Fabric) -> Validator | None:
    if not settings.validation.every_steps:
        return None
    recordings = index.of_split(settings.validation.split)
    return Validator(recordings, settings.validation, fabric)
