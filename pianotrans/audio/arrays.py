"""Samples that are already in memory, read like a file."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pianotrans.audio.decoder import Gap
from pianotrans.audio.reader import AudioReader
from pianotrans.audio.reading import Reading
from pianotrans.audio.samples import BLOCK_S, MAX_CHANNELS, Block, to_float32
from pianotrans.errors import AudioError


class _ArrayDecoder:
    """A `Decoder` of samples (n_channels, n_samples) that are decoded already."""

    def __init__(self, samples: NDArray[Any], sample_rate: int) -> None:
        self._samples = samples
        self.sample_rate = sample_rate
        self.n_channels = samples.shape[0]
        self.duration_s: float | None = samples.shape[1] / sample_rate
        self.gaps: tuple[Gap, ...] = ()

    def seek(self, start_s: float) -> float:  # noqa: ARG002 - they are cheap to pass over
        return 0.0

    def blocks(self) -> Iterator[Block]:
        n_block = round(BLOCK_S * self.sample_rate)
        for start in range(0, self._samples.shape[1], n_block):
            yield to_float32(self._samples[:, start : start + n_block])

    def missing_s(self) -> float:
        return 0.0

    def close(self) -> None:
        pass


def from_array(
    samples: ArrayLike,
    sample_rate: float | None,
    name: str = "array",
    reading: Reading = Reading(),  # noqa: B008 - frozen
) -> AudioReader:
    """Read samples in memory, or the part of them that `reading` says, like a recording.

    The samples have the shape (n_samples,) or (n_channels, n_samples) and are whatever numpy can view, torch
    tensors on the CPU included: floating point with full scale 1.0, or int8, uint8, int16 or int32 with their
    own full scale. They are copied block by block and must not change meanwhile. The sample rate is in Hz.

    Raises AudioError, its text starting with `name`, for another shape or type, no samples, more than 8
    channels, or a rate outside 4000–768 000 Hz.
    """
    try:
        array = np.asarray(samples)
        to_float32(array[:0])
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        raise AudioError(
            f"{name}: not an array of samples ({error}). Give float32, int16 or int32 samples on the CPU."
        ) from error
    if array.ndim not in (1, 2):
        raise AudioError(
            f"{name}: shape {array.shape}. Give samples of shape (n_samples,) or (n_channels, n_samples)."
        )
    array = np.atleast_2d(array)
    n_channels, n_samples = array.shape
    if not array.size:
        raise AudioError(f"{name}: holds no samples (shape {np.shape(samples)}). Give at least one.")
    if n_channels > MAX_CHANNELS and n_samples <= MAX_CHANNELS:
        raise AudioError(
            f"{name}: shape {array.shape} has {n_channels} channels. "
            "Samples of shape (n_samples, n_channels) need to be transposed."
        )
    return AudioReader(_ArrayDecoder(array, _check_rate(sample_rate, name)), name, reading)


def _check_rate(sample_rate: float | None, name: str) -> int:
    if sample_rate is None:
        raise AudioError(f"{name}: no sample rate. Give it in Hz.")
    try:
        rate = int(sample_rate)
    except (TypeError, ValueError, OverflowError) as error:
        raise AudioError(f"{name}: {sample_rate!r} is not a sample rate. Give it in Hz.") from error
    if rate != sample_rate:
        raise AudioError(f"{name}: a sample rate of {sample_rate} Hz. Give a whole number of Hz.")
    return rate
