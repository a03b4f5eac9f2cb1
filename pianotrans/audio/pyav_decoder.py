"""Compressed audio and the sound of videos, through FFmpeg."""

import math
import re
from collections.abc import Generator, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from pianotrans.audio.containers import mp3_counts_frames
from pianotrans.audio.decoder import BrokenStreamError, NotDecodableError, no_samples_error
from pianotrans.audio.plainfile import PlainFile
from pianotrans.audio.samples import BLOCK_S, Block, to_float32
from pianotrans.errors import AudioError

_OPTIONS: dict[str, Any] = {
    # A play list names other files and addresses: none of them may be opened.
    "options": {"protocol_whitelist": "none"},
    # A title in another encoding must not keep us from the sound.
    "metadata_errors": "replace",
}
_UNDECODABLE_S = 0.1  # tolerated: some files end in a few bytes that are not sound


class PyAvDecoder:
    """A `Decoder` of the first audio stream of everything that FFmpeg knows.

    Raises NotDecodableError for a format unknown to FFmpeg, AudioError for a file without decodable audio.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        self._mp3_counts_frames = mp3_counts_frames(file)
        try:
            self._container = av.open(PlainFile(file), "r", **_OPTIONS)
        except MemoryError:  # one of FFmpeg's errors, too
            raise
        except (av.FFmpegError, IndexError) as error:  # IndexError: PyAV 18, for text taken for a picture
            raise NotDecodableError(str(error)) from error
        try:
            self._start()
        except BaseException:
            self._container.close()
            raise

    def _start(self) -> None:
        streams = self._container.streams
        if not streams.audio:
            kinds = " and ".join(sorted({stream.type for stream in streams})) or "nothing"
            raise AudioError(f"{self._name}: no audio stream, only {kinds}. Give a file that holds sound.")
        self._stream = streams.audio[0]
        self._promised_s = self._read_promise()
        # The header of a chain of Ogg streams speaks of one of them.
        self.duration_s = None if self._container.format.name == "ogg" else self._promised_s
        self._n_samples = 0
        self._last: tuple[int | None, int] = (0, 0)  # time stamp and length of the last frame
        self._undecodable_s = 0.0
        self._error = ""
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            if not self._error:
                raise no_samples_error(self._name)
            raise AudioError(f"{self._name}: nothing could be decoded ({self._error}). Re-export it.")
        self._first = first
        self.sample_rate: int = first.sample_rate
        self.n_channels: int = first.layout.nb_channels

    def blocks(self) -> Iterator[Block]:
        """See `Decoder.blocks`."""
        parts: list[NDArray[Any]] = []
        n = 0
        for frame in chain([self._first], self._frames):
            parts.append(self._samples(frame))
            n += frame.samples
            if n >= BLOCK_S * self.sample_rate:
                yield to_float32(np.concatenate(parts, axis=1))
                parts, n = [], 0
        if parts:
            yield to_float32(np.concatenate(parts, axis=1))
        if self._undecodable_s > _UNDECODABLE_S:
            raise BrokenStreamError(self._error)

    def missing_s(self) -> float:
        """See `Decoder.missing_s`."""
        if self._promised_s is None:
            return 0.0
        if _keeps_time(self._container.format.name):  # a pause is not a loss
            pts, n_last = self._last
            decoded_s = _seconds((pts or 0) - (self._stream.start_time or 0), self._stream.time_base)
            return self._promised_s - decoded_s - n_last / self.sample_rate
        return self._promised_s - self._n_samples / self.sample_rate

    def close(self) -> None:
        """See `Decoder.close`."""
        self._frames.close()
        self._container.close()

    def _read_promise(self) -> float | None:
        """The duration, where the header tells it; for other formats FFmpeg guesses (1 s too long in 20)."""
        stream, kind = self._stream, self._container.format.name
        if "matroska" in kind:
            tag = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
            if tag:  # where the stream ends: 00:03:32.400000000
                hours, minutes, seconds = (float(part) for part in tag.groups())
                end_s = 3600 * hours + 60 * minutes + seconds
            elif self._container.duration and len(self._container.streams) == 1:
                end_s = self._container.duration / av.time_base
            else:
                return None
            return end_s - _seconds(stream.start_time, stream.time_base)
        trusted = "mp4" in kind or kind in ("ogg", "flac", "caf") or (kind == "mp3" and self._mp3_counts_frames)
        return _seconds(stream.duration, stream.time_base) if trusted and stream.duration else None

    def _decode(self) -> Generator[AudioFrame]:
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = self._stream.decode(packet)
                except MemoryError:
                    raise
                except av.FFmpegError as error:
                    self._note(error, _seconds(packet.duration, packet.time_base))
                else:
                    yield from (frame for frame in frames if frame.samples)
        except MemoryError:
            raise
        except av.FFmpegError as error:
            self._note(error, math.inf)

    def _note(self, error: av.FFmpegError, lost_s: float) -> None:
        self._error = self._error or str(error.strerror)
        self._undecodable_s += lost_s

    def _samples(self, frame: AudioFrame) -> NDArray[Any]:
        if (frame.sample_rate, frame.layout.nb_channels) != (self.sample_rate, self.n_channels):
            raise AudioError(
                f"{self._name}: changes from {self.sample_rate} Hz, {self.n_channels} channels to "
                f"{frame.sample_rate} Hz, {frame.layout.nb_channels} channels after "
                f"{self._n_samples / self.sample_rate:.1f} s. Split it there, or re-export it in one format."
            )
        self._n_samples += frame.samples
        self._last = frame.pts, frame.samples
        if frame.format.is_planar and self.n_channels == 8:
            (frame,) = av.AudioResampler("flt").resample(frame)  # PyAV 18 crashes on the planes of eight channels
        samples: NDArray[Any] = frame.to_ndarray()  # (n_channels, n), or if packed (1, n * n_channels)
        return samples if frame.format.is_planar else samples.reshape(-1, self.n_channels).T


def _seconds(ticks: int | None, time_base: Fraction | None) -> float:
    return float((ticks or 0) * (time_base or 0))


def _keeps_time(format_name: str) -> bool:
    return "matroska" in format_name or "mp4" in format_name
