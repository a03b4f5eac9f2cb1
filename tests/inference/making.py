"""Models and packages made for the tests: small, random, and without any network."""

import hashlib
import io
import shutil
import sys
import zipfile
from pathlib import Path

import torch

from pianotrans.inference import published
from pianotrans.inference.registry import CONFIG_FILE, WEIGHTS_FILE, ModelEntry, Source, find_model
from pianotrans.network import Model
from pianotrans.network.spectrogram import mel_filterbank
from pianotrans.shipped import models_folder
from pianotrans.training.transcription import random_model
from pianotrans.weights import encode_weights

CONFIG = """
architecture = "non-hierarchical-transformer"
[spectrogram]
sample_rate = 8000
hop_samples = 256
window_samples = 1024
n_mels = 40
min_hz = 30.0
max_hz = 3000.0
n_learned_windows = 1
[transformer]
width = 16
n_heads = 2
n_layers = 2
feed_forward_factor = 2
[attributes]
hidden = 8
[segments]
segment_s = 2.0
hop_s = 1.0
"""

# A stand-in for `pip download`: notes that it was asked, then does as its first argument says.
_CLIENT = """
import pathlib, shutil, sys, time
mode, log, wheel = sys.argv[1:4]
with open(log, "a") as file:
    file.write(" ".join(sys.argv[4:]) + "\\n")
if mode == "fail":
    sys.exit("some words before\\nERROR: no route to anywhere")
if mode == "slow":
    time.sleep(0.3)
if mode in ("copy", "slow"):
    shutil.copy(wheel, sys.argv[sys.argv.index("--dest") + 1])
"""


def small_model(folder: Path, seed: int = 0, config: str = CONFIG) -> Model:
    """A model of the small configuration, or another, with random parameters, ready to compute."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(config)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Model(find_model(folder).config())
    model.spectrogram.mel_filters.copy_(mel_filterbank(model.config.spectrogram))
    return model.requires_grad_(False).eval()


def small_model_folder(folder: Path, seed: int = 0) -> Path:
    """A folder that `--model` takes."""
    model = small_model(folder, seed)
    (folder / WEIGHTS_FILE).write_bytes(encode_weights(model.state_dict()))
    return folder


def models_without_weights(folder: Path, *names: str) -> Path:
    """A copy of the shipped models in which these have not been trained."""
    shutil.copytree(models_folder(), folder)
    for name in names:
        (folder / name / WEIGHTS_FILE).unlink(missing_ok=True)
    return folder


def put_random_weights(folder: Path) -> None:
    """Weights for the harmonic model in a folder, which has learnt nothing."""
    model = random_model(find_model(folder).config(), seed=0)
    (folder / WEIGHTS_FILE).write_bytes(encode_weights(model.state_dict(), 16))


def as_published(model: Model) -> dict[str, torch.Tensor]:
    """The model's parameters as the published checkpoint would name and shape them."""
    ours = dict(model.state_dict())
    window = model.config.spectrogram.window_samples
    filters = ours.pop("spectrogram.mel_filters")
    theirs = {
        published._MEL_FILTERS: torch.cat([filters, filters.new_zeros(window // 2 + 1 - len(filters), 40)]),
        published._HANN: torch.hann_window(window),
    }
    names = {new: old for old, new in published._RENAMED.items()}
    for i in range(model.config.transformer.n_layers):
        old_prefix, prefix = f"backbone.encoderLayers.{i}.", f"backbone.blocks.{i}."
        names |= {prefix + new: old_prefix + old for old, new in published._RENAMED_IN_BLOCK.items()}
        keys_values = ours.pop(f"{prefix}keys_values.weight").chunk(4)
        queries = [ours.pop(f"{prefix}across_{axis}.query.weight") for axis in ("places", "time")]
        kinds = ("mhaBlockF.module.k", "mhaBlockF.module.v", "mhaBlockT.module.k", "mhaBlockT.module.v")
        for kind, weight in zip(kinds, keys_values, strict=True):
            theirs[f"{old_prefix}{kind}_proj_weight"] = weight.T.clone()
        for kind, weight in zip(("mhaBlockF.module.q", "mhaBlockT.module.q"), queries, strict=True):
            theirs[f"{old_prefix}{kind}_proj_weight"] = weight.T.clone()
    for name, tensor in ours.items():
        if name in names:
            theirs[names[name]] = tensor
        else:
            layer, _, part = name.rpartition(".")
            theirs[f"{names[layer]}.{part}"] = tensor
    return theirs


def write_package(folder: Path) -> None:
    """A made-up published package in `folder`: its wheel, the model's configuration, what it converts to."""
    model = small_model(folder / "fake")
    (folder / "expected.safetensors").write_bytes(encode_weights(model.state_dict()))
    checkpoint = io.BytesIO()
    torch.save({"state_dict": as_published(model)}, checkpoint)
    (folder / "checkpoint.pt").write_bytes(checkpoint.getvalue())
    with zipfile.ZipFile(folder / "fake-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("fake/weights.pt", checkpoint.getvalue())
    (folder / "client.py").write_text(_CLIENT)


def package_entry(folder: Path) -> ModelEntry:
    """The model of the package that `write_package` wrote."""
    return ModelEntry(
        name="fake",
        folder=folder / "fake",
        title="random",
        licence="none",
        weights_sha256=_sha256(folder / "expected.safetensors"),
        source=Source("fake", "1.0", "fake/weights.pt", _sha256(folder / "checkpoint.pt")),
    )


def package_client(folder: Path, mode: str) -> list[str]:
    """A package client: `copy` copies the wheel, `slow` too but later, `fail` fails, `nothing` only pretends."""
    log = str(folder / "client.log")
    return [sys.executable, str(folder / "client.py"), mode, log, str(folder / "fake-1.0-py3-none-any.whl")]


def requests(folder: Path) -> list[str]:
    """What the package client was asked for so far, one line a call."""
    log = folder / "client.log"
    return log.read_text().splitlines() if log.exists() else []


def copy_of_tiny(folder: Path) -> Path:
    """The tiny model's folder, to be spoilt."""
    return Path(shutil.copytree(find_model("tiny").folder, folder))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
