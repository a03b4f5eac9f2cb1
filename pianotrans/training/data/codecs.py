"""Lossy compression, which most recordings have gone through."""

import io
from dataclasses import dataclass

import numpy as np

from pianotrans.audio import Block

_PEAK = 0.9  # what is louder than full scale would be cut off
_MP3_RATES = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_MOST_COMPRESSION = 0.9  # MP3 refuses 1


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
