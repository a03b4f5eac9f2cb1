"""Recordings that follow one another in a file, read as one."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pianotrans.audio.decoder import Decoder, Gap
from pianotrans.audio.resample import resample
from pianotrans.audio.samples import Block

OpenLink = Callable[[int], Decoder]


class ChainDecoder:
    """A `Decoder` of several others, opened in turn; all get the rate and channels of the first."""

    def __init__(self, n_links: int, open_link: OpenLink) -> None:
        self._n_links, self._open_link = n_links, open_link
        self._current = open_link(0)
        self.sample_rate = self._current.sample_rate
        self.n_channels = self._current.n_channels
        self.duration_s: float | None = None
        self._gaps: list[Gap] = []
        self._begin_s = 0.0  # of the current link
        self._missing_s = 0.0

    @property
    def gaps(self) -> Sequence[Gap]:
        """See `Decoder.gaps`."""
        return self._gaps + self._current_gaps()

    def seek(self, start_s: float) -> float:  # noqa: ARG002 - how long the links are is known once they are decoded
        """See `Decoder.seek`."""
        return 0.0

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        n_samples = 0
        for index in range(self._n_links):
            if index:
                self._gaps += self._current_gaps()
                self._missing_s += max(0.0, self._current.missing_s())
                self._current.close()
                self._current = self._open_link(index)
                self._begin_s = n_samples / self.sample_rate
            link = self._current
            for block in resample(link.blocks(), link.sample_rate, self.sample_rate, link.n_channels):
                n_samples += block.shape[1]
                yield with_channels(block, self.n_channels)

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        return self._missing_s + max(0.0, self._current.missing_s())

    def close(self) -> None:
        """See `Decoder.close`."""
        self._current.close()

    def _current_gaps(self) -> list[Gap]:
        begin_s = self._begin_s
        return [Gap(begin_s + gap.start_s, begin_s + gap.end_s, gap.is_damage) for gap in self._current.gaps]


def with_channels(block: Block, n_channels: int) -> Block:
    """The block with another number of channels, each of which holds the mean of all; unchanged if it fits."""
    if block.shape[0] == n_channels:
        return block
    return np.repeat(block.mean(axis=0, keepdims=True), n_channels, axis=0)
