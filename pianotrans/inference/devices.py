"""Choosing the device to compute on."""

import re

import torch

from pianotrans.errors import DeviceError

# What the transformer is computed in where there are fast units for it. float16 rather than bfloat16: of the
# published model's intervals 99.7 % stay within a frame of the float32 ones, under bfloat16 98.4 %.
_NETWORK_DTYPE = {"cuda": torch.float16}
_NAME = re.compile(r"cpu|mps|cuda(:(0|[1-9][0-9]{0,3}))?")


def resolve_device(name: str = "auto") -> torch.device:
    """The device called `name`: auto (the fastest there is), cpu, cuda, cuda:N or mps.

    Raises DeviceError for a name that is unknown or a device that is not here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu")
    kind, _, index = name.partition(":")
    if not _NAME.fullmatch(name):
        raise DeviceError(f"device {name!r}: unknown. Use auto, cpu, cuda, cuda:N or mps.")
    if kind == "cuda":
        _check_cuda(name, int(index or 0))
    if kind == "mps" and not _has_mps():
        raise DeviceError("device 'mps': this machine or this build of torch has none. Use --device cpu.")
    return torch.device(name)


def network_precision(device: torch.device) -> torch.autocast:
    """The context to compute the transformer in on this device; what comes after it needs float32 (DESIGN §10)."""
    dtype = _NETWORK_DTYPE.get(device.type)
    return torch.autocast(device.type, dtype, enabled=dtype is not None)


def _check_cuda(name: str, index: int) -> None:
    if not torch.cuda.is_available():
        raise DeviceError(
            f"device {name!r}: no CUDA device is usable here (torch {torch.__version__}). Use --device cpu."
        )
    if index >= torch.cuda.device_count():
        raise DeviceError(
            f"device {name!r}: this machine has {torch.cuda.device_count()} CUDA device(s), from cuda:0."
        )


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
