"""The content of a weights file: safetensors with 32, 16 or 8 bits for a number.

With 8 bits, every row of a matrix (the first axis of a tensor with two or more) is whole numbers from -127 to 127
times a scale of its own, which lies beside it as `NAME.scale`; all other tensors have 16 bits.
"""

from collections.abc import Mapping
from typing import Literal

import safetensors.torch
import torch
from torch import Tensor

Bits = Literal[32, 16, 8]
_SCALE = ".scale"
_LARGEST = 127


def encode_weights(tensors: Mapping[str, Tensor], bits: Bits = 32) -> bytes:
    """The content of a weights file. The same tensors give the same bytes.

    Raises OverflowError for weights that are too large for 16 bits.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in sorted(tensors.items()):
        if bits == 8 and tensor.ndim > 1:
            stored[name], stored[name + _SCALE] = _in_whole_numbers(tensor)
        else:
            stored[name] = tensor if bits == 32 else _halved(name, tensor)
    return safetensors.torch.save({name: tensor.contiguous() for name, tensor in stored.items()})


def decode_weights(content: bytes) -> dict[str, Tensor]:
    """The tensors of a weights file, as float32.

    Raises safetensors.SafetensorError, KeyError or ValueError where it is none.
    """
    stored = safetensors.torch.load(content)
    tensors = {name: tensor.float() for name, tensor in stored.items() if not _is_scale(name, stored)}
    for name, tensor in tensors.items():
        if stored[name].dtype == torch.int8:
            tensors[name] = tensor * stored[name + _SCALE].view(-1, *[1] * (tensor.ndim - 1))
    return tensors


def _is_scale(name: str, stored: Mapping[str, Tensor]) -> bool:
    of = stored.get(name.removesuffix(_SCALE))
    return name.endswith(_SCALE) and of is not None and of.dtype == torch.int8


def _in_whole_numbers(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers, and the scale of each row (float32: half a percent of the file)."""
    rows = tensor.float().flatten(1)
    scales = rows.abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny) / _LARGEST
    return (rows / scales[:, None]).round().to(torch.int8).view(tensor.shape), scales


def _halved(name: str, tensor: Tensor) -> Tensor:
    half = tensor.half()
    if not half.isfinite().all():
        raise OverflowError(f"{name}: too large for 16 bits ({tensor.abs().max():.3g}).")
    return half
