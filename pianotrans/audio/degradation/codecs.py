"""Lossy compression, which most recordings have gone through."""

import io
from dataclasses import dataclass

import numpy as np
import soxr

from pianotrans.audio.opening import open_audio
from pianotrans.audio.samples import Block

_PEAK = 0.9  # what is louder than full scale would be cut off
_MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_MOST_COMPRESSION = 0.9  # MP3 refuses 1
_USUAL_RATE = 44_100


@dataclass(frozen=True)
class Codec:
    """A format of libsndfile, and how strongly it compresses: 0 (least) to 1 (most)."""

    format: str
    subtype: str
    compression: float

    @classmethod
    def draw(cls, random: np.random.Generator, rate: int) -> "Codec":
        """Ogg Vorbis or, at rates that it has, MP3."""
        kinds = [("OGG", "VORBIS"), *([("MP3", "MPEG_LAYER_III")] if rate in _MP3_RATES else [])]
        return cls(*kinds[random.integers(len(kinds))], random.uniform(0, _MOST_COMPRESSION))

    def pass_through(self, samples: Block, rate: int) -> Block:
        """Encode and decode samples (n_channels, n); each stays in its place, at its level."""
        import soundfile

        peak = np.abs(samples).max(initial=0.0)
        if not peak:
            return samples
        file = io.BytesIO()
        soundfile.write(
            file,
            samples.T * (_PEAK / peak),
            rate,
            format=self.format,
            subtype=self.subtype,
            compression_level=self.compression,
        )
        file.seek(0)
        decoded, _ = soundfile.read(file, dtype="float32", always_2d=True)
        return np.ascontiguousarray(decoded.T * (peak / _PEAK), np.float32)


def through_mp3(samples: Block, rate: int, bit_rate: int) -> Block:
    """Samples (n_channels, n) through MP3 of so many bits per second (for two channels); each stays in its place.

    Not by libsndfile, which lets low bit rates change the sample rate and with it the places.
    """
    return _through_ffmpeg(samples, rate, "mp3", "libmp3lame", bit_rate)


def through_aac(samples: Block, rate: int, bit_rate: int) -> Block:
    """The same through AAC-LC, FFmpeg's encoder."""
    return _through_ffmpeg(samples, rate, "mp4", "aac", bit_rate)


def _through_ffmpeg(samples: Block, rate: int, container: str, codec: str, bit_rate: int) -> Block:
    """Two channels at a time; at a sample rate that MP3 and AAC do not have, through the usual one."""
    n = samples.shape[1]
    peak = np.abs(samples).max(initial=0.0)
    if not peak:
        return samples
    at_rate = rate if rate in _MP3_RATES else _USUAL_RATE
    given = samples * (_PEAK / peak)
    if at_rate != rate:
        given = soxr.resample(given.T, rate, at_rate).T
    parts = [_encode_and_decode(part, at_rate, container, codec, bit_rate) for part in _pairs(given)]
    decoded = np.concatenate([_of_length(part, given.shape[1]) for part in parts])
    if at_rate != rate:
        decoded = soxr.resample(decoded.T, at_rate, rate).T
    return np.ascontiguousarray(_of_length(decoded, n) * (peak / _PEAK), np.float32)


def _encode_and_decode(samples: Block, rate: int, container: str, codec: str, bit_rate: int) -> Block:
    """The decoder leaves out the delay of the encoder, which both containers state."""
    import av

    layout = "mono" if len(samples) == 1 else "stereo"
    file = io.BytesIO()
    with av.open(file, "w", format=container) as muxer:
        stream = muxer.add_stream(codec, rate=rate, layout=layout, bit_rate=bit_rate)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        muxer.mux(stream.encode(frame))
        muxer.mux(stream.encode(None))
    file.seek(0)
    with open_audio(file) as reader:
        return np.concatenate([*reader.blocks()], axis=1)


def _pairs(samples: Block) -> list[Block]:
    return [samples[first : first + 2] for first in range(0, len(samples), 2)]


def _of_length(samples: Block, n: int) -> Block:
    """The last frame of a codec is filled up, or the last samples are lost."""
    return np.pad(samples, ((0, 0), (0, max(0, n - samples.shape[1]))))[:, :n]
