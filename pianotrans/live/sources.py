"""Where sound comes from while it is played: the interface of a source, and a recording that plays as one."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from pianotrans.audio import AudioReader, Block, open_audio
from pianotrans.live.timekeeping import Timekeeper

BLOCK_S = 0.02  # a source gives out at least this much at once
MOST_BEHIND_S = 16.0  # of sound that is kept for a reader that is late; what is older is lost
_SILENCE_S = 1.0  # of zeros at once


class SoundSource(Protocol):
    """Sound that comes at its own pace."""

    name: str
    sample_rate: int  # Hz
    n_channels: int
    lost_s: float  # how much was lost so far because nobody read it; zeros stand in its place

    def blocks(self) -> Iterator[Block]:
        """The sound as it comes, once: each block, (n_channels, n_samples), is what came since the one before.

        Waits for the next block, and ends when the sound does or `stop` was called. Raises LiveError if a device
        fails.
        """
        ...

    def stop(self) -> None:
        """End the sound; may be called from a signal handler or another thread."""
        ...

    def close(self) -> None:
        """Give back what the source holds open."""
        ...


class FileSource:
    """A recording that plays as if it came from a device.

    At a finite pace it plays on whether or not anybody reads, `pace` times as fast as in reality. At an infinite
    one it waits for its reader.
    """

    def __init__(self, path: Path, pace: float = 1.0, timekeeper: Timekeeper | None = None):
        """Open the recording. Raises AudioError if it cannot be read."""
        self._reader = open_audio(path)
        self._pace, self._time = pace, timekeeper or Timekeeper()
        self._is_stopped = False
        self.name = path.name
        self.sample_rate, self.n_channels = self._reader.info.sample_rate, self._reader.info.n_channels
        self.lost_s = 0.0

    def blocks(self) -> Iterator[Block]:
        """See `SoundSource`. Raises AudioError where the recording is damaged, after what comes before that."""
        tape = _Tape(self._reader)
        least = max(round(BLOCK_S * self.sample_rate), 1)
        start_s, n_given = self._time.now_s(), 0
        while not self._is_stopped:
            n_due = least if math.isinf(self._pace) else self._wait_for(least, n_given, start_s)
            n_late = n_due - round(MOST_BEHIND_S * self.sample_rate)
            if n_late > 0:
                n_lost = tape.skip(n_late)
                self.lost_s += n_lost / self.sample_rate
                yield from silence(n_lost, self.n_channels, self.sample_rate)
                n_given, n_due = n_given + n_lost, n_due - n_lost
            block = tape.take(n_due)
            if not block.shape[1]:
                return
            n_given += block.shape[1]
            yield block

    def stop(self) -> None:
        """See `SoundSource`."""
        self._is_stopped = True

    def close(self) -> None:
        """See `SoundSource`."""
        self._reader.close()

    def _wait_for(self, least: int, n_given: int, start_s: float) -> int:
        """How many samples are due; waits until there are at least so many."""
        while (n_due := int((self._time.now_s() - start_s) * self._pace * self.sample_rate) - n_given) < least:
            self._time.sleep((least - n_due) / (self._pace * self.sample_rate))
        return n_due


def silence(n_samples: int, n_channels: int, sample_rate: int) -> Iterator[Block]:
    """Zeros in place of sound that was lost, never many at once."""
    at_once = round(_SILENCE_S * sample_rate)
    for begin in range(0, n_samples, at_once):
        yield np.zeros((n_channels, min(at_once, n_samples - begin)), np.float32)


class _Tape:
    """The blocks of a reader, from which any number of samples is taken."""

    def __init__(self, reader: AudioReader):
        self._blocks = reader.blocks()
        self._rest = np.zeros((reader.info.n_channels, 0), np.float32)

    def take(self, n_samples: int) -> Block:
        """The next samples; fewer at the end."""
        while self._rest.shape[1] < n_samples and (block := next(self._blocks, None)) is not None:
            self._rest = np.concatenate((self._rest, block), axis=1)
        taken, self._rest = self._rest[:, :n_samples], self._rest[:, n_samples:]
        return taken

    def skip(self, n_samples: int) -> int:
        """Pass over the next samples; how many there were."""
        n_skipped = 0
        while n_skipped < n_samples and (n := self.take(min(n_samples - n_skipped, 2**16)).shape[1]):
            n_skipped += n
        return n_skipped
