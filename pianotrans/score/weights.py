"""The small models that a score needs, in the folder of each."""

from pathlib import Path
from typing import Any, ClassVar, Self

import safetensors
from torch import nn

from pianotrans.errors import ModelError
from pianotrans.tables import from_table, read_toml
from pianotrans.weights import decode_weights


class SmallModel(nn.Module):
    """All that is learned of a stage. Each kind says what its configuration is, and is made of one."""

    config_type: ClassVar[type]

    @classmethod
    def read_config(cls, folder: Path) -> Any:
        """Read `config.toml` in a model's folder. Raises ModelError if it cannot be read or is another's."""
        path = folder / "config.toml"
        return from_table(cls.config_type, read_toml(path, ModelError), str(path), ModelError)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `config.toml` and `weights.safetensors`, ready to be used.

        Raises ModelError if they are missing, damaged, or do not fit each other.
        """
        model = cls(cls.read_config(folder))
        _read_weights(model, folder / "weights.safetensors")
        return model.requires_grad_(False).eval()


def _read_weights(model: nn.Module, path: Path) -> None:
    try:
        model.load_state_dict(decode_weights(path.read_bytes()))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Restore the model's folder.") from error
    except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: damaged, or of another architecture ({error}).") from error
