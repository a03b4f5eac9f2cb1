"""From a run to a model's folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from pianotrans.errors import TrainingError
from pianotrans.files import make_folder, write_folder_atomically
from pianotrans.inference.checkpoint import check_fit, read_weights, weights_bytes
from pianotrans.inference.registry import CONFIG_FILE, WEIGHTS_FILE, all_models, find_model, score_models
from pianotrans.training.runs.card import card
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.run_folder import SETTINGS_FILE, RunFolder

if TYPE_CHECKING:
    from torch import Tensor

BEST, LAST = "best", "last"


def export(run: RunFolder, target: Path, which: str = BEST, *, half: bool = False) -> Checkpoint:
    """Write a checkpoint's averaged weights, the configuration, the settings and a card into a new folder.

    `which` is "best" (the last one, where none was validated), "last", or the number of a step. `half` stores the
    weights in float16; they are computed with in float32 all the same. Raises
    TrainingError where there is no such checkpoint or the name is taken by a shipped model, ModelError where it
    is damaged, OutputError where the folder exists or cannot be made.
    """
    import torch

    if str(target) in {entry.name for entry in (*all_models(), *score_models())}:
        raise TrainingError(f"{target}: is the name of a model of the registry, which would be taken for it.")
    about, kind = run.about(), run.kind
    checkpoint = _find(run, which)
    entry = find_model(checkpoint.folder)
    with torch.device("meta"):
        model = kind.make_model(kind.read_config(entry.folder))
    weights = read_weights(entry)
    check_fit(model, weights, str(entry.weights_path))
    weights = kind.finish(weights, checkpoint.scores or {})
    n_parameters = sum(weight.numel() for weight in model.parameters())
    make_folder(target.parent)
    files = {
        CONFIG_FILE: (checkpoint.folder / CONFIG_FILE).read_bytes(),
        WEIGHTS_FILE: _halved(weights) if half else weights_bytes(weights),
        SETTINGS_FILE: (run.path / SETTINGS_FILE).read_bytes(),
        "README.md": card(target.name, n_parameters, kind, about, run.settings(), checkpoint).encode(),
    }
    write_folder_atomically(target, files)
    return checkpoint


def _halved(weights: dict[str, "Tensor"]) -> bytes:
    """The content of a weights file in float16. Raises TrainingError for weights that it cannot hold."""
    halves = {name: weight.half() for name, weight in weights.items()}
    for name, weight in halves.items():
        if not weight.isfinite().all():
            raise TrainingError(
                f"{name}: too large for 16 bits ({weights[name].abs().max():.3g}). Export it whole."
            )
    return weights_bytes(halves)


def _find(run: RunFolder, which: str) -> Checkpoint:
    checkpoints = run.checkpoints
    found = {BEST: checkpoints.best() or checkpoints.last(), LAST: checkpoints.last()}
    found |= {str(one.step): one for one in checkpoints.all()}
    checkpoint = found.get(which)
    if checkpoint is None:
        there = ", ".join(str(one.step) for one in checkpoints.all()) or "none"
        raise TrainingError(f"{run.path}: no checkpoint {which!r}. Of these steps there are: {there}.")
    return checkpoint
