"""From a run to a model's folder."""

from pathlib import Path

from torch import Tensor

from pianotrans.errors import TrainingError
from pianotrans.files import make_folder, write_folder_atomically
from pianotrans.inference.checkpoint import check_fit, read_weights
from pianotrans.inference.registry import CONFIG_FILE, WEIGHTS_FILE, all_models, find_model, score_models
from pianotrans.training.runs.card import card
from pianotrans.training.runs.checkpoints import Checkpoint
from pianotrans.training.runs.run_folder import SETTINGS_FILE, RunFolder
from pianotrans.weights import Bits, encode_weights

BEST, LAST = "best", "last"


def export(run: RunFolder, target: Path, which: str = BEST, *, bits: Bits = 32) -> Checkpoint:
    """Write a checkpoint's averaged weights, the configuration, the settings and a card into a new folder.

    `which` is "best" (the last one, where none was validated), "last", or the number of a step. `bits` is
    how many bits the file has for a weight; computed with are 32 all the same. Raises
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
        WEIGHTS_FILE: _encoded(weights, bits),
        SETTINGS_FILE: (run.path / SETTINGS_FILE).read_bytes(),
        "README.md": card(target.name, n_parameters, kind, about, run.settings(), checkpoint).encode(),
    }
    write_folder_atomically(target, files)
    return checkpoint


def _encoded(weights: dict[str, Tensor], bits: Bits) -> bytes:
    try:
        return encode_weights(weights, bits)
    except OverflowError as error:
        raise TrainingError(f"{error} Export it with --bits 32.") from error


def _find(run: RunFolder, which: str) -> Checkpoint:
    checkpoints = run.checkpoints
    found = {BEST: checkpoints.best() or checkpoints.last(), LAST: checkpoints.last()}
    found |= {str(one.step): one for one in checkpoints.all()}
    checkpoint = found.get(which)
    if checkpoint is None:
        there = ", ".join(str(one.step) for one in checkpoints.all()) or "none"
        raise TrainingError(f"{run.path}: no checkpoint {which!r}. Of these steps there are: {there}.")
    return checkpoint
