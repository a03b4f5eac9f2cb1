"""The first seconds of a recording."""

from collections.abc import Iterator

import numpy as np

from pianotrans.audio.decoder import Decoder
from pianotrans.audio.samples import Block


class BeginningDecoder:
    """A `Decoder` of at most `limit_s` seconds of another one; what comes after them is never decoded."""

    def __init__(self, decoder: Decoder, limit_s: float) -> None:
        self.sample_rate = decoder.sample_rate
        self.n_channels = decoder.n_channels
        self.duration_s = None if decoder.duration_s is None else min(decoder.duration_s, limit_s)
        self._decoder = decoder
        self._n_left = max(1, round(limit_s * decoder.sample_rate))

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        for block in self._decoder.blocks():
            wanted = np.ascontiguousarray(block[:, : self._n_left])
            self._n_left -= wanted.shape[1]
            yield wanted
            if not self._n_left:
                return

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        return self._decoder.missing_s() if self._n_left else 0.0

    def close(self) -> None:
        """See `Decoder.close`."""
        self._decoder.close()
