"""What is wrong with the sound itself, said once each."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pianotrans.audio import Block

_FULL_SCALE = 0.999
_CLIPPED_SAMPLES = 3  # in a row at full scale: a peak that was cut off
_MUTED_S = 5.0


def watch(blocks: Iterable[Block], name: str, sample_rate: int, say: Callable[[str], None]) -> Iterator[Block]:
    """Pass blocks on, and say once if they clip, and once if the first seconds hold nothing but zeros."""
    n_zeros, is_clipped = 0, False
    for block in blocks:
        if not is_clipped and clips(block):
            is_clipped = True
            say(f"{name}: clips. Turn its level down, or notes may be wrong.")
        if n_zeros >= 0:
            n_zeros = -1 if block.any() else n_zeros + block.shape[1]
            if n_zeros >= _MUTED_S * sample_rate:
                n_zeros = -1
                say(
                    f"{name}: nothing but digital silence for {_MUTED_S:g} s. Check that it is not muted, and "
                    "that this program may use the microphone."
                )
        yield block


def clips(block: Block) -> bool:
    """Whether any channel of (n_channels, n) samples stays at full scale for several samples."""
    is_full = np.abs(block) >= _FULL_SCALE
    if not is_full.any() or block.shape[1] < _CLIPPED_SAMPLES:
        return False
    return bool(np.lib.stride_tricks.sliding_window_view(is_full, _CLIPPED_SAMPLES, axis=1).all(axis=-1).any())
