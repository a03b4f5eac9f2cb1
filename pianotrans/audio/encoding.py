"""Samples to a small file that every browser plays."""

import io

import numpy as np

from pianotrans.audio.reader import AudioReader
from pianotrans.audio.resample import resample
from pianotrans.errors import AudioError

_RATE = 44_100


def encode_mp3(reader: AudioReader, *, bit_rate: int = 64_000) -> bytes:
    """The recording that `reader` reads as mono MP3, from its first block to its last.

    Memory: the result and one block. The file says how much silence the encoder put before and after the sound,
    so players start on the first sample. The bit rate is in bits a second: 64 000 make 0.48 MB a minute.
    Raises AudioError as `AudioReader.blocks` does.
    """
    import av

    file = io.BytesIO()
    info = reader.info
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=_RATE, layout="mono", bit_rate=bit_rate)
        n_samples = 0
        for block in resample(reader.blocks(), info.sample_rate, _RATE, info.n_channels):
            mono = np.clip(block.mean(axis=0, keepdims=True), -1, 1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(mono), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _RATE, n_samples
            n_samples += mono.shape[1]
            container.mux(stream.encode(frame))
        if not n_samples:
            raise AudioError(f"{info.name}: is too short to be played. Give a longer recording.")
        container.mux(stream.encode(None))
    return file.getvalue()
