"""The weights of the small models, in the folder of each."""

from pathlib import Path
from typing import TypeVar

import safetensors.torch
from torch import Tensor, nn

from pianotrans.errors import ModelError

_Model = TypeVar("_Model", bound=nn.Module)


def with_weights(model: _Model, folder: Path) -> _Model:
    """The model with the weights of `weights.safetensors`, ready to be used.

    Raises ModelError if they are missing, damaged, or of another architecture.
    """
    path = folder / "weights.safetensors"
    try:
        tensors = safetensors.torch.load(path.read_bytes())
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}). Restore the model's folder.") from error
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise ModelError(f"{path}: damaged, or of another architecture ({error}).") from error
    return model.requires_grad_(False).eval()


def half_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The weights in float16, for a file."""
    return {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
