"""A source that another thread feeds: what comes is kept until it is read, some seconds of it at most."""

import math
from collections.abc import Iterator

from pianotrans.audio import Block
from pianotrans.errors import LiveError
from pianotrans.live.ring import Ring
from pianotrans.live.sources import BLOCK_S, MOST_BEHIND_S, silence
from pianotrans.live.timekeeping import Timekeeper

_WAIT_S = 0.2  # at once, so that an interruption is noticed


class FedSource:
    """Sound that is written by one thread and read by another.

    Args:
        name: what messages call it.
        sample_rate: in Hz.
        n_channels: of every block.
        patience_s: where nothing comes for so long, reading fails.
        timekeeper: tells the time.
    """

    def __init__(
        self,
        name: str,
        sample_rate: int,
        n_channels: int,
        *,
        patience_s: float = math.inf,
        timekeeper: Timekeeper | None = None,
    ):
        self.name, self.sample_rate, self.n_channels = name, sample_rate, n_channels
        self.lost_s = 0.0
        self._patience_s, self._time = patience_s, timekeeper or Timekeeper()
        self._ring = Ring(n_channels, round(MOST_BEHIND_S * sample_rate))

    def write(self, block: Block) -> None:
        """Add samples (n_channels, n); never waits."""
        self._ring.write(block)

    def blocks(self) -> Iterator[Block]:
        """See `SoundSource`."""
        least = round(BLOCK_S * self.sample_rate)
        heard_s = self._time.now_s()
        while True:
            is_last = self._ring.is_closed
            n_lost, block = self._ring.read(least, _WAIT_S)
            if n_lost:
                self.lost_s += n_lost / self.sample_rate
                yield from silence(n_lost, self.n_channels, self.sample_rate)
            if block.shape[1]:
                yield block
                heard_s = self._time.now_s()
            if is_last:
                return
            if self._time.now_s() - heard_s > self._patience_s:
                raise LiveError(
                    f"{self.name}: no sound came for {self._patience_s:g} s. Check that it is still connected."
                )

    def stop(self) -> None:
        """See `SoundSource`."""
        self._ring.close()

    def close(self) -> None:
        """See `SoundSource`."""
