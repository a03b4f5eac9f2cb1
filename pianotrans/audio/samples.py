"""Blocks of samples: float32 of shape (n_channels, n_samples), full scale 1.0."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Block = NDArray[np.float32]

MIN_RATE, MAX_RATE = 4_000, 768_000  # Hz; the highest is that of DSD at double speed
MAX_CHANNELS = 8
BLOCK_S = 2.0  # 49 MB in the largest case: 8 channels at 768 kHz

_FULL_SCALE = {  # where zero lies, and what becomes 1.0
    np.dtype(np.uint8): (np.float32(2**7), np.float32(2**7)),
    np.dtype(np.int8): (np.float32(0), np.float32(2**7)),
    np.dtype(np.int16): (np.float32(0), np.float32(2**15)),
    np.dtype(np.int32): (np.float32(0), np.float32(2**31)),
}


def to_float32(samples: NDArray[Any]) -> Block:
    """Copy samples of any shape to float32; integers are divided by their full scale.

    Unsigned bytes are centred on 128, as in 8-bit WAV. Raises TypeError for a type that has no full scale.
    """
    if np.issubdtype(samples.dtype, np.floating):
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, which the reader reports
            return samples.astype(np.float32, order="C")
    native = samples.dtype.newbyteorder("=")
    if native not in _FULL_SCALE:
        raise TypeError(f"{samples.dtype} samples have no full scale")
    zero, full_scale = _FULL_SCALE[native]
    return (samples.astype(np.float32, order="C") - zero) / full_scale


def in_blocks(pieces: Iterable[NDArray[Any]], sample_rate: int) -> Iterator[Block]:
    """Join pieces of samples (n_channels, n_samples), of a type for `to_float32`, to blocks of about 2 s."""
    parts: list[NDArray[Any]] = []
    n_samples = 0
    for piece in pieces:
        parts.append(piece)
        n_samples += piece.shape[1]
        if n_samples >= BLOCK_S * sample_rate:
            yield to_float32(np.concatenate(parts, axis=1))
            parts, n_samples = [], 0
    if parts:
        yield to_float32(np.concatenate(parts, axis=1))
