"""FFmpeg's frames to arrays, all in the format of the first one."""

from collections.abc import Iterator
from typing import Any

import av
from av.audio.frame import AudioFrame
from numpy.typing import NDArray


class FrameConverter:
    """Turns frames into samples; where a recording changes its rate or channels, it is resampled."""

    def __init__(self, first: AudioFrame) -> None:
        self._format, self._layout = first.format.name, first.layout
        self.sample_rate: int = first.sample_rate
        self.n_channels: int = first.layout.nb_channels
        self._resampler: av.AudioResampler | None = None
        self._resampled: tuple[int, int, str] | None = None  # the format that the resampler takes

    def convert(self, frame: AudioFrame) -> Iterator[NDArray[Any]]:
        """The samples of a frame, of shape (n_channels, n_samples)."""
        given = frame.sample_rate, frame.layout.nb_channels, frame.format.name
        if given != self._resampled:
            yield from self.flush()
        if given[:2] == (self.sample_rate, self.n_channels):
            if frame.format.is_planar and self.n_channels == 8:
                (frame,) = av.AudioResampler("flt").resample(frame)  # PyAV 18 crashes on eight planes
            yield _to_array(frame)
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler(self._format, self._layout.name, self.sample_rate)
            self._resampled = given
        pts, frame.pts = frame.pts, None
        for part in self._resampler.resample(frame):
            yield _to_array(part)
        frame.pts = pts

    def flush(self) -> Iterator[NDArray[Any]]:
        """What a resampler still holds."""
        resampler, self._resampler, self._resampled = self._resampler, None, None
        for part in resampler.resample(None) if resampler else ():
            yield _to_array(part)


def _to_array(frame: AudioFrame) -> NDArray[Any]:
    samples: NDArray[Any] = frame.to_ndarray()  # (n_channels, n), or if packed (1, n * n_channels)
    return samples if frame.format.is_planar else samples.reshape(-1, frame.layout.nb_channels).T
