"""Choosing the device to compute on."""

import re
from collections.abc import Callable, Mapping

import torch

from pianotrans.errors import DeviceError

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
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


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """The type to take the products of the network in: auto, float32, bfloat16 or float16.

    auto takes fewer bits only where they are several times as fast: float16 on CUDA (99.7 % of the intervals of the
    published model stay within a frame of the float32 ones, 98.4 % with bfloat16), bfloat16 on a CPU with matrix
    units for it (AMX). Without those, bfloat16 takes longer than float32 (AVX-512: 1.4 times).

    Raises DeviceError for a name that is unknown.
    """
    if name == "auto":
        has_units = device.type == "cpu" and _cpu_capabilities().get("amx_bf16", False)
        return torch.float16 if device.type == "cuda" else torch.bfloat16 if has_units else torch.float32
    if name not in _PRECISIONS:
        raise DeviceError(f"precision {name!r}: unknown. Use auto, {', '.join(_PRECISIONS)}.")
    return _PRECISIONS[name]


def _cpu_capabilities() -> Mapping[str, bool]:
    """What this CPU can do; nothing special where this version of torch does not tell."""
    ask: Callable[[], Mapping[str, bool]] = getattr(torch.cpu, "get_capabilities", dict)
    return ask()


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
