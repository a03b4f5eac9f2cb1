"""Sound as the content of a file of 16 bits, made in memory: what is written of it is written whole."""

import io
from collections.abc import Iterable

import numpy as np
import soundfile

from pianotrans.audio import Block

_FULL_SCALE = 2**15
_CHUNK = 2**18  # samples written at once; libsndfile copies them


def sound_bytes(blocks: Iterable[Block], rate: int, n_channels: int, suffix: str = ".flac") -> tuple[bytes, int]:
    """A FLAC or WAV file, by its suffix, of the blocks (n_channels, n), and how many samples it holds.

    16-bit samples come back exactly; what lies beyond full scale is clipped. As FLAC, an hour of music takes some
    300 MB of memory.
    """
    file, n_samples = io.BytesIO(), 0
    kind = suffix.removeprefix(".").upper()
    with soundfile.SoundFile(file, "w", rate, n_channels, "PCM_16", format=kind) as sound:
        for block in blocks:
            n_samples += block.shape[1]
            for begin in range(0, block.shape[1], _CHUNK):
                scaled = np.rint(block[:, begin : begin + _CHUNK].T * _FULL_SCALE)
                sound.write(np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16))
    return file.getvalue(), n_samples
