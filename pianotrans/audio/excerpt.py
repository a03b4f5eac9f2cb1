"""A part of a recording."""

import math
from collections.abc import Iterator

import numpy as np

from pianotrans.audio.decoder import Decoder, Gap, no_samples_error
from pianotrans.audio.reading import Reading
from pianotrans.audio.samples import Block
from pianotrans.errors import AudioError


class Excerpt:
    """The samples of a decoder from one time to another, exactly; what comes after them is never decoded."""

    def __init__(self, decoder: Decoder, reading: Reading, name: str) -> None:
        self._decoder = decoder
        self._name = name
        self._start_s = reading.start_s
        rate = decoder.sample_rate
        self._start = round(reading.start_s * rate)
        self._end = math.inf if reading.end_s is None else max(self._start + 1, round(reading.end_s * rate))
        self._position = 0

    @property
    def gaps(self) -> list[Gap]:
        """The decoder's gaps that lie in the part."""
        rate = self._decoder.sample_rate
        start_s, end_s = self._start / rate, self._end / rate
        return [gap for gap in self._decoder.gaps if gap.end_s > start_s and gap.start_s < end_s]

    @property
    def end_s(self) -> float:
        """How far the recording was read, in seconds from its beginning."""
        return self._position / self._decoder.sample_rate

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        if self._start:
            self._position = round(self._decoder.seek(self._start_s) * self._decoder.sample_rate)
        for block in self._decoder.blocks():
            begin = self._position
            self._position = int(min(begin + block.shape[1], self._end))
            if self._position > self._start:
                yield np.ascontiguousarray(block[:, max(0, self._start - begin) : self._position - begin])
            if self._position == self._end:
                return

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        return self._decoder.missing_s() if self._position < self._end else 0.0

    def nothing_error(self) -> AudioError:
        """The error of a part that holds no samples."""
        if not self._start:
            return no_samples_error(self._name)
        return AudioError(
            f"{self._name}: lasts {self.end_s:.1f} s, so there is nothing from {self._start_s:g} s on. "
            "Give an earlier start."
        )
