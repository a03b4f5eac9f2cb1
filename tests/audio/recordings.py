"""Recordings made for the tests, and how to read them."""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft

from pianotrans.audio import AudioInfo, AudioSource, Block, Reading, open_audio


def tones(duration_s: float, rate: int = 44_100, n_channels: int = 1) -> Block:
    """Samples (n_channels, n_samples): in each channel another sine, loud enough to be found again."""
    time_s = np.arange(round(duration_s * rate)) / rate
    hertz = 300.0 + 100.0 * np.arange(n_channels)[:, None]
    return (0.5 * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)


def music(duration_s: float, rate: int = 44_100, n_channels: int = 1) -> Block:
    """Tones with some noise and a beginning in the middle, so that a shift in time shows."""
    samples = tones(duration_s, rate, n_channels)
    samples += np.random.default_rng(0).normal(0.0, 0.01, samples.shape).astype(np.float32)
    samples[:, : samples.shape[1] // 3] *= 0.1
    return samples


def write(path: Path, samples: Block, rate: int = 44_100, subtype: str | None = None) -> Path:
    """Through libsndfile, in pieces of a second: it crashes on long pieces of Vorbis."""
    form = {"opus": "OGG"}.get(path.suffix[1:], path.suffix[1:].upper())
    subtype = "OPUS" if path.suffix == ".opus" else subtype
    with soundfile.SoundFile(path, "w", rate, samples.shape[0], subtype, format=form) as file:
        for start in range(0, samples.shape[1], rate):
            file.write(samples[:, start : start + rate].T)
    return path


def encode(
    path: Path,
    samples: Block | None,
    rate: int = 44_100,
    codec: str = "aac",
    container: str | None = None,
    options: dict[str, str] | None = None,
    video: str | None = None,
) -> Path:
    """Through FFmpeg; `samples` None leaves out the audio, `video` is the codec of some pictures."""
    with av.open(path, "w", format=container, options=options or {}) as file:
        if video:
            pictures = file.add_stream(video, rate=10, width=32, height=32, pix_fmt="yuv420p")
        if samples is not None:
            layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[samples.shape[0]]
            sound = file.add_stream(codec, rate=rate, layout=layout)
            sound.bit_rate = 128_000 * samples.shape[0]
            sound.codec_context.open()
            size = sound.codec_context.frame_size or 1024
            resampler = av.AudioResampler(sound.codec_context.format, layout, rate, size)
            packed = np.ascontiguousarray(samples.T).reshape(1, -1)  # PyAV 18 crashes on eight planes
            frame = av.AudioFrame.from_ndarray(packed, "flt", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            for part in [*resampler.resample(frame), *resampler.resample(None), None]:
                file.mux(sound.encode(part))
        if video:
            n_pictures = 10 if samples is None else round(10 * samples.shape[1] / rate)
            for _ in range(n_pictures):
                picture = av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), "yuv420p")
                file.mux(pictures.encode(picture))
            file.mux(pictures.encode(None))
    return path


def cut(path: Path, fraction: float) -> Path:
    """A copy of the first bytes of a file."""
    copy = path.with_name(f"cut_{path.name}")
    copy.write_bytes(path.read_bytes()[: round(fraction * path.stat().st_size)])
    return copy


def read(source: AudioSource, *, allow_damaged: bool = False) -> tuple[Block, AudioInfo]:
    """All the samples of a recording."""
    with open_audio(source, Reading(allow_damaged=allow_damaged)) as reader:
        blocks = list(reader.blocks())
    assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)
    return np.concatenate(blocks, axis=1), reader.info


def lag(heard: Block, played: Block) -> int:
    """By how many samples the first channel of `heard` comes later than that of `played`."""
    n = next_fast_len(heard.shape[1] + played.shape[1], real=True)
    correlation = irfft(rfft(heard[0], n) * rfft(played[0], n).conj(), n)
    best = int(np.argmax(correlation))
    return best - n if best > n // 2 else best


def name_of(source: AudioSource) -> str:
    return os.fspath(source) if isinstance(source, str | os.PathLike) else "audio"


def notes(duration_s: float, rate: int = 44_100, n_channels: int = 1) -> Block:
    """Struck notes of all pitches at irregular times, each with a click: every moment sounds like no other."""
    rng = np.random.default_rng(7)
    samples = rng.normal(0, 1e-3, round(duration_s * rate))
    length = np.arange(round(0.4 * rate)) / rate
    for onset_s in np.arange(0.1, duration_s - 0.5, 0.15) + rng.uniform(
        0, 0.1, len(np.arange(0.1, duration_s - 0.5, 0.15))
    ):
        note = np.sin(2 * np.pi * rng.uniform(150, 2000) * length) * np.exp(-length / 0.1)
        note[: rate // 500] += rng.normal(0, 0.5, rate // 500)
        at = round(onset_s * rate)
        samples[at : at + len(note)] += 0.25 * note
    return np.repeat(samples[None].astype(np.float32), n_channels, axis=0)


def remux(
    source: Path,
    target: Path,
    moved_s: Callable[[float], float],
    container: str | None = None,
    *,
    late_sound_s: float = 0.0,
) -> Path:
    """A copy whose packets stand at other times: `moved_s` gives the new one of each; sound may come later."""
    with av.open(source) as given, av.open(target, "w", format=container) as copy:
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is None or packet.pts is None:
                continue
            late_s = late_sound_s if packet.stream.type == "audio" else 0.0
            new_s = moved_s(float(packet.pts * packet.time_base)) + late_s
            shift = round(new_s / packet.time_base) - packet.pts
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            copy.mux(packet)
    return target


def overwrite(path: Path, begin: float, n_bytes: int, content: str = "noise") -> Path:
    """A copy with garbage from a fraction of the file on."""
    data = bytearray(path.read_bytes())
    at = round(begin * len(data))
    n_bytes = min(n_bytes, len(data) - at)
    data[at : at + n_bytes] = {"noise": np.random.default_rng(3).bytes(n_bytes), "zeros": bytes(n_bytes)}[content]
    copy = path.with_name(f"damaged_{path.name}")
    copy.write_bytes(data)
    return copy


def lag_at(heard: Block, played: Block, begin_s: float, end_s: float, rate: int) -> int:
    """By how many samples what was played between two times is heard late."""
    part = np.zeros_like(played)
    window = slice(round(begin_s * rate), round(end_s * rate))
    part[:, window] = played[:, window]
    return lag(heard, part)
