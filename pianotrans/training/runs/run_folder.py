"""The folder of a run: the model's configuration, every setting, and the origin of the run."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pianotrans.errors import TrainingError
from pianotrans.files import make_folder, write_atomically
from pianotrans.inference.registry import CONFIG_FILE, ModelEntry, find_any_model
from pianotrans.shipped import models_folder
from pianotrans.training.runs.about import About
from pianotrans.training.runs.checkpoints import Checkpoints
from pianotrans.training.runs.kinds import KINDS
from pianotrans.training.runs.settings import RunSettings
from pianotrans.training.runs.settings_files import differences, read_settings, settings_text
from pianotrans.training.runs.task import ModelKind

SETTINGS_FILE, ABOUT_FILE = "training.toml", "run.json"
_MAY_CHANGE = ("model", "accumulation", "recompute", "workers", "save_every_steps", "keep", "validation.")
_SHOWN = 3


@dataclass(frozen=True)
class TrainingRecipe:
    """A model to train, and the settings to train it with."""

    entry: ModelEntry  # its config counts, its weights do not
    settings: RunSettings

    @property
    def kind(self) -> ModelKind:
        """The kind of the model."""
        return KINDS[self.settings.kind]

    def config(self) -> Any:
        """The model's configuration. Raises ModelError if it cannot be read."""
        return self.kind.read_config(self.entry.folder)

    @classmethod
    def read(cls, name_or_file: str, changes: tuple[str, ...] = ()) -> "TrainingRecipe":
        """The recipe of a shipped model, or of a TOML file or the folder it lies in, changed by `--set`.

        `NAME/OTHER` is the file OTHER.toml beside the recipe of a shipped model. Raises TrainingError if there is
        none or it is not understood, ModelError for an unknown model.
        """
        given, shipped = Path(name_or_file), models_folder()
        places = (shipped / given / SETTINGS_FILE, shipped / f"{name_or_file}.toml", given / SETTINGS_FILE)
        path = next((place for place in places if place.is_file()), given)
        if not path.is_file():
            known = ", ".join(sorted(found.parent.name for found in models_folder().glob(f"*/{SETTINGS_FILE}")))
            raise TrainingError(f"{name_or_file}: neither a recipe ({known}) nor a TOML file of training settings.")
        settings = read_settings(path, changes)
        return cls(_model_of(settings, path.parent), settings)


def _model_of(settings: RunSettings, folder: Path) -> ModelEntry:
    if not settings.model:
        return find_any_model(folder)
    beside = folder / settings.model  # relative paths in a file are meant from there
    return find_any_model(beside if (beside / CONFIG_FILE).is_file() else settings.model)


@dataclass(frozen=True)
class RunFolder:
    """A run, begun or to be begun."""

    path: Path

    @property
    def checkpoints(self) -> Checkpoints:
        """Its checkpoints."""
        return Checkpoints(self.path / "checkpoints", self.kind.best_by)

    @property
    def journal(self) -> Path:
        """The folder that TensorBoard reads."""
        return self.path / "tensorboard"

    @property
    def is_begun(self) -> bool:
        """Whether a run lies there."""
        return (self.path / ABOUT_FILE).is_file()

    @property
    def kind(self) -> ModelKind:
        """The kind of the model; before the run is begun, that of most."""
        return KINDS[self.settings().kind if self.is_begun else RunSettings.kind]

    def config(self) -> Any:
        """The model's configuration."""
        return self.kind.read_config(self.path)

    def about(self) -> About:
        """The origin of the run. Raises TrainingError if the folder holds no run."""
        try:
            return About(**json.loads((self.path / ABOUT_FILE).read_bytes()))
        except FileNotFoundError as error:
            raise TrainingError(f"{self.path}: no run there. `pianotrans train … --output` makes one.") from error
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise TrainingError(f"{self.path / ABOUT_FILE}: damaged ({error}). Train anew.") from error

    def settings(self) -> RunSettings:
        """All settings of the run."""
        return read_settings(self.path / SETTINGS_FILE)

    def begin(self, recipe: TrainingRecipe, about: About) -> None:
        """Make the folder of a new run. Raises TrainingError if there is one, OutputError if it cannot be made."""
        if self.is_begun:
            raise TrainingError(
                f"{self.path}: holds a run already. Pass --resume to continue it, or another --output."
            )
        make_folder(self.path)
        self._write(CONFIG_FILE, (recipe.entry.folder / CONFIG_FILE).read_bytes())
        self._write_settings(recipe.settings)
        self._write(ABOUT_FILE, json.dumps(dataclasses.asdict(about), indent=1).encode())  # last: now it is begun

    def go_on(self, recipe: TrainingRecipe) -> None:
        """Check that a run was begun with this recipe; what may change is noted.

        Raises TrainingError for another model or other settings.
        """
        self.about()
        if recipe.config() != self.config():
            raise TrainingError(
                f"{self.path}: is a run of another model ({CONFIG_FILE} differs from {recipe.entry.folder}'s)."
            )
        changed = {
            name: values
            for name, values in differences(self.settings(), recipe.settings).items()
            if not name.startswith(_MAY_CHANGE)
        }
        if changed:
            raise TrainingError(f"{self.path}: was begun with other settings. {_listed(changed)}")
        self._write_settings(recipe.settings)

    def _write_settings(self, settings: RunSettings) -> None:
        here = dataclasses.replace(settings, model="")  # the config lies beside
        self._write(SETTINGS_FILE, settings_text(here).encode())

    def _write(self, name: str, content: bytes) -> None:
        write_atomically(self.path / name, content, overwrite=True)


def _listed(changed: dict[str, tuple[Any, Any]]) -> str:
    some = [f"{name}: {before!r} then, {after!r} now" for name, (before, after) in list(changed.items())[:_SHOWN]]
    more = f", and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"{'; '.join(some)}{more}. Pass the same again, or begin another run with --output."
