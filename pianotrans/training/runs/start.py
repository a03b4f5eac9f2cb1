"""Putting a run together: model, data and state, at its beginning or where it was left."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lightning_fabric import Fabric
from torch import nn

from pianotrans.errors import TrainingError
from pianotrans.inference.checkpoint import check_fit, read_weights
from pianotrans.inference.pull import pull
from pianotrans.inference.registry import CONFIG_FILE, find_any_model
from pianotrans.training.runs.about import About
from pianotrans.training.runs.loop import Loop, LoopWatcher
from pianotrans.training.runs.run_folder import RunFolder, TrainingRecipe
from pianotrans.training.runs.tensorboard import Journal


@dataclass(frozen=True)
class Request:
    """A run as the user asks for it."""

    recipe: TrainingRecipe
    data: tuple[Path, ...]  # a prepared index, or data sets
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
    recipe = request.recipe
    _check_processes(recipe, fabric)
    task = recipe.kind.open_task(recipe.config(), recipe.settings, request.data, fabric)
    run = RunFolder(request.output)
    if fabric.is_global_zero:
        _enter(run, request, replace(task.about, initial=request.initial or ""), say)
    fabric.barrier()
    model, last = task.make_model(), run.checkpoints.last()
    if last is None and (initial := run.about().initial):
        _fill(model, initial, say)
    state = task.make_state(model.to(fabric.device))
    if last is not None:
        state.restore(last.folder)
        say(f"Continuing after step {last.step} of {recipe.settings.steps}.")
    if fabric.is_global_zero:
        watchers = (*watchers, Journal(run.journal, state.step))
    return Loop(
        fabric,
        task,
        state,
        run.checkpoints,
        task.parts(range(state.step, recipe.settings.steps)),
        (run.path / CONFIG_FILE).read_bytes(),
        watchers,
        is_stopping,
    )


def _check_processes(recipe: TrainingRecipe, fabric: Fabric) -> None:
    if recipe.kind.is_small and (fabric.world_size > 1 or fabric.device.type != "cpu"):
        raise TrainingError(
            f"kind {recipe.kind.name}: is trained by one process on the CPU. Pass --device cpu, without torchrun."
        )


def _fill(model: nn.Module, initial: str, say: Callable[[str], None]) -> None:
    """Give a model the weights of another of the same shape."""
    entry = find_any_model(initial)
    if not entry.weights_path.exists():
        pull(entry, say=say)
    tensors = read_weights(entry)
    check_fit(model, tensors, str(entry.weights_path))
    model.load_state_dict(tensors)


def _enter(run: RunFolder, request: Request, about: About, say: Callable[[str], None]) -> None:
    """Make the folder of a new run, or check that the run may be continued."""
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
        say(f"{' '.join(map(str, request.data))}: has changed since the run began; its batches will be others.")
