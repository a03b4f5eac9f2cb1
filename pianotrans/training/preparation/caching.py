"""Recordings as FLAC files, encoded in memory so that they appear whole or not at all."""

import io
from collections.abc import Iterable

import numpy as np
import soundfile

from pianotrans.audio import Block

_FULL_SCALE = 2**15


def flac_bytes(blocks: Iterable[Block], rate: int, n_channels: int) -> tuple[bytes, int]:
    """A FLAC file of 16 bits of the blocks (n_channels, n), and how many samples it holds.

    What 16-bit samples were made from comes back exactly; what lies beyond full scale is clipped. Compressed, an
    hour of music takes some 300 MB of memory.
    """
    file, n_samples = io.BytesIO(), 0
    with soundfile.SoundFile(file, "w", rate, n_channels, "PCM_16", format="FLAC") as sound:
        for block in blocks:
            n_samples += block.shape[1]
            sound.write(np.clip(np.rint(block.T * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16))
    return file.getvalue(), n_samples
