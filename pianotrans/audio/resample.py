"""From one sample rate to another, block by block."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from pianotrans.audio.samples import Block


def resample(blocks: Iterable[Block], from_rate: float, to_rate: float, n_channels: int) -> Iterator[Block]:
    """Resample a stream of blocks of shape (n_channels, n_samples); rates in Hz.

    The joined result is that of `soxr.resample(..., quality="HQ")` on the joined input. Its blocks differ in
    length from the ones given, since the filter looks ahead. Equal rates pass through untouched.
    """
    if from_rate == to_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_rate, to_rate, n_channels, dtype="float32", quality="HQ")
    for block in blocks:
        yield from _advance(stream, block)
    yield from _advance(stream, np.zeros((n_channels, 0), np.float32), last=True)


def _advance(stream: soxr.ResampleStream, block: Block, *, last: bool = False) -> Iterator[Block]:
    resampled = stream.resample_chunk(np.ascontiguousarray(block.T), last=last)  # (n_samples, n_channels)
    if len(resampled):
        yield np.array(resampled.T, order="C")
