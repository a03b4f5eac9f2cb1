"""Samples to the content of a sound file, made in memory: MP3 for browsers, 16 bits for data sets."""

import io
from collections.abc import Callable, Iterable

import numpy as np
import soundfile

from pianotrans.audio.reader import AudioReader
from pianotrans.audio.resample import resample
from pianotrans.audio.samples import Block
from pianotrans.errors import AudioError

MP3_RATE = 44_100
_FULL_SCALE = 2**15
_CHUNK_SAMPLES = 2**18  # written at once; libsndfile copies them


def encode_mp3(
    reader: AudioReader, *, bit_rate: int = 64_000, tap: Callable[[Block], object] | None = None
) -> bytes:
    """Encode the recording that `reader` reads as mono MP3, from its first block to its last.

    The file says how much silence the encoder put before and after the sound, so players start on the first sample.
    The bit rate is in bits per second: 64 000 make 0.48 MB per minute. `tap` is given every block that is encoded,
    of (1, n) samples at MP3_RATE. Memory: the result and one block.
    Raises AudioError as `AudioReader.blocks` does.
    """
    import av

    file = io.BytesIO()
    info = reader.info
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=MP3_RATE, layout="mono", bit_rate=bit_rate)
        n_samples = 0
        for block in resample(reader.blocks(), info.sample_rate, MP3_RATE, info.n_channels):
            mono = np.clip(block.mean(axis=0, keepdims=True), -1, 1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(mono), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = MP3_RATE, n_samples
            n_samples += mono.shape[1]
            if tap is not None:
                tap(mono)
            container.mux(stream.encode(frame))
        if not n_samples:
            raise AudioError(f"{info.name}: is too short to be played. Give a longer recording.")
        container.mux(stream.encode(None))
    return file.getvalue()


def encode_pcm(blocks: Iterable[Block], rate: int, n_channels: int, suffix: str = ".flac") -> tuple[bytes, int]:
    """Encode blocks (n_channels, n) as a FLAC or WAV file of 16 bits, by its suffix.

    Returns the file and the number of samples that it holds. 16-bit samples come back exactly; samples beyond full
    scale are clipped. As FLAC, an hour of music takes some 300 MB of memory.
    """
    file, n_samples = io.BytesIO(), 0
    kind = suffix.removeprefix(".").upper()
    with soundfile.SoundFile(file, "w", rate, n_channels, "PCM_16", format=kind) as sound:
        for block in blocks:
            n_samples += block.shape[1]
            for begin in range(0, block.shape[1], _CHUNK_SAMPLES):
                scaled = np.rint(block[:, begin : begin + _CHUNK_SAMPLES].T * _FULL_SCALE)
                sound.write(np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16))
    return file.getvalue(), n_samples
