"""Whatever is written can be read: formats, channels, rates, file objects."""

import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import open_audio

from .recordings import encode, lag, music, read, tones, write

LOSSLESS = [
    ("wav", "PCM_U8", 8),
    ("wav", "PCM_16", 16),
    ("wav", "PCM_24", 24),
    ("wav", "PCM_32", 24),
    ("wav", "FLOAT", 24),
    ("wav", "DOUBLE", 24),
    ("flac", "PCM_S8", 8),
    ("flac", "PCM_16", 16),
    ("flac", "PCM_24", 24),
    ("aiff", "PCM_16", 16),
    ("aiff", "PCM_24", 24),
    ("caf", "PCM_16", 16),
    ("w64", "PCM_16", 16),
    ("rf64", "PCM_16", 16),
    ("au", "PCM_16", 16),
]


@pytest.mark.parametrize(("suffix", "subtype", "bits"), LOSSLESS)
def test_lossless_formats_return_what_was_written(tmp_path: Path, suffix: str, subtype: str, bits: int):
    played = music(2.5, n_channels=2)
    path = write(tmp_path / f"take.{suffix}", played, subtype=subtype)
    heard, info = read(path)
    assert heard.shape == played.shape
    assert np.abs(heard - played).max() <= 2.0 ** (1 - bits)
    assert (info.name, info.sample_rate, info.n_channels) == (str(path), 44_100, 2)
    assert info.duration_s == pytest.approx(2.5)


@pytest.mark.parametrize("suffix", ["ogg", "opus", "mp3"])
@pytest.mark.parametrize("duration_s", [0.3, 5.0])
def test_lossy_formats_keep_length_and_time(tmp_path: Path, suffix: str, duration_s: float):
    played = music(duration_s, 48_000, 2)
    heard, info = read(write(tmp_path / f"take.{suffix}", played, 48_000))
    assert heard.shape == played.shape
    assert lag(heard, played) == 0
    assert np.abs(heard - played).std() < 0.05
    assert info.duration_s == pytest.approx(duration_s)


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [
        ("m4a", "aac", 44_100),
        ("m4a", "alac", 44_100),
        ("mp4", "aac", 22_050),
        ("mov", "pcm_s24le", 96_000),
        ("mka", "aac", 44_100),
        ("mka", "pcm_u8", 44_100),
        ("webm", "libopus", 48_000),
        ("mkv", "pcm_s32le", 44_100),
        ("mp3", "libmp3lame", 44_100),
    ],
)
def test_formats_of_ffmpeg_keep_time(tmp_path: Path, suffix: str, codec: str, rate: int):
    played = music(3.0, rate, 2)
    heard, info = read(encode(tmp_path / f"take.{suffix}", played, rate, codec))
    assert (info.sample_rate, info.n_channels) == (rate, 2)
    assert info.duration_s == pytest.approx(3.0, abs=0.05)
    assert heard.shape[1] == pytest.approx(played.shape[1], abs=0.05 * rate)
    assert lag(heard, played) == 0
    n = min(heard.shape[1], played.shape[1])
    assert np.abs(heard[:, :n] - played[:, :n]).std() < 0.05


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [("a.aac", "aac", "adts"), ("a.wma", "wmav2", "asf"), ("a.ac3", "ac3", None)],
)
def test_formats_that_do_not_tell_their_delay(tmp_path: Path, name: str, codec: str, container: str | None):
    played = music(3.0)
    heard, info = read(encode(tmp_path / name, played, codec=codec, container=container))
    assert info.duration_s is None
    assert abs(lag(heard, played)) <= 2048
    assert heard.shape[1] == pytest.approx(played.shape[1], abs=4096)


@pytest.mark.parametrize("n_channels", range(1, 9))
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_one_to_eight_channels(tmp_path: Path, suffix: str, n_channels: int):
    played = tones(0.1, n_channels=n_channels)
    heard, info = read(write(tmp_path / f"take.{suffix}", played))
    assert info.n_channels == n_channels
    np.testing.assert_allclose(heard, played, atol=2**-15)


@pytest.mark.parametrize("n_channels", [1, 2, 6, 8])
@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])  # of packed and of planar samples
def test_channels_through_ffmpeg(tmp_path: Path, codec: str, n_channels: int):
    played = tones(0.5, n_channels=n_channels)
    heard, _ = read(encode(tmp_path / "take.mkv", played, codec=codec))
    assert heard.shape[0] == n_channels
    middle = slice(5_000, 15_000)
    full_range = [channel for channel in range(n_channels) if channel != 3]  # AAC keeps only the bass of that
    assert np.abs(heard[full_range, middle] - played[full_range, middle]).std() < 0.05


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000, 352_800, 384_000])
def test_rates(tmp_path: Path, rate: int):
    heard, info = read(write(tmp_path / "take.wav", tones(0.2, rate), rate))
    assert info.sample_rate == rate
    np.testing.assert_allclose(heard, tones(0.2, rate), atol=2**-15)


@pytest.mark.parametrize(("suffix", "video", "codec"), [("mp4", "mpeg4", "aac"), ("webm", "libvpx", "libopus")])
def test_sound_of_a_video(tmp_path: Path, suffix: str, video: str, codec: str):
    played = music(2.0, 48_000)
    heard, info = read(encode(tmp_path / f"take.{suffix}", played, 48_000, codec, video=video))
    assert lag(heard, played) == 0
    assert info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize(
    "samples",
    [
        pytest.param(tones(0.01), id="10 ms"),
        pytest.param(np.zeros((1, 4410), np.float32), id="silence"),
        pytest.param(np.full((2, 4410), 0.25, np.float32), id="constant"),
        pytest.param(
            np.clip(np.random.default_rng(1).normal(0, 1, (1, 4410)), -1, 1).astype(np.float32), id="clipped"
        ),
    ],
)
def test_odd_recordings_are_fine(tmp_path: Path, suffix: str, samples: np.ndarray):
    heard, _ = read(write(tmp_path / f"take.{suffix}", samples))
    assert heard.shape == samples.shape
    assert np.isfinite(heard).all()


@pytest.mark.parametrize("name", ["take.wav", "take.mp3", "take.m4a"])
def test_file_objects(tmp_path: Path, name: str):
    path = tmp_path / name
    (encode if name.endswith("m4a") else write)(path, music(1.0))
    expected, _ = read(path)
    memory = io.BytesIO(path.read_bytes())
    memory.seek(100)  # it is read from its beginning all the same
    heard, info = read(memory)
    np.testing.assert_array_equal(heard, expected)
    assert info.name == "audio"
    assert not memory.closed
    with path.open("rb") as file:
        heard, info = read(file)
        np.testing.assert_array_equal(heard, expected)
        assert info.name == str(path)
        assert not file.closed


@pytest.mark.parametrize("wrong", ["take.mp3", "take.wav", "take.txt", "take"])
@pytest.mark.parametrize("right", ["wav", "mp3", "m4a"])
def test_the_content_counts_and_not_the_suffix(tmp_path: Path, wrong: str, right: str):
    path = tmp_path / f"right.{right}"
    (encode if right == "m4a" else write)(path, music(1.0))
    heard, _ = read(path.rename(tmp_path / wrong))
    assert lag(heard, music(1.0)) == 0


def test_mp3_with_tags_and_without_a_count_of_frames(tmp_path: Path):
    played = music(3.0)
    plain = encode(tmp_path / "plain.mp3", played, codec="libmp3lame", options={"write_xing": "0"})
    _, info = read(plain)
    assert info.duration_s is None
    counted = write(tmp_path / "counted.mp3", played)
    tag = b"ID3\x04\x00\x00\x00\x00\x02\x00" + bytes(256)
    _, info = read(io.BytesIO(tag + counted.read_bytes()))
    assert info.duration_s == pytest.approx(3.0)


def test_tags_in_any_encoding(tmp_path: Path):
    content = encode(tmp_path / "take.mp3", music(1.0), codec="libmp3lame").read_bytes()
    assert content.count(b"Lavf6") == 1
    heard, _ = read(io.BytesIO(content.replace(b"Lavf6", "Étud".encode("latin-1") + b"\xff")))
    assert heard.shape == (1, 44_100)


def test_a_path_may_be_a_string_with_odd_characters(tmp_path: Path):
    path = write(tmp_path / "Étude n°1: “a” %20 ♪.wav", tones(0.1))
    _, info = read(str(path))
    assert info.name == str(path)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "m4a"])
def test_memory_does_not_grow_with_the_recording(tmp_path: Path, suffix: str):
    path = tmp_path / f"long.{suffix}"
    (encode if suffix == "m4a" else write)(path, tones(30.0))
    with open_audio(path) as reader:
        n_samples = 0
        tracemalloc.start()
        for block in reader.blocks():
            assert block.shape[1] <= 3 * 44_100
            n_samples += block.shape[1]
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert n_samples == pytest.approx(30 * 44_100, abs=4096)
    assert peak_bytes < 3e6  # the whole takes 5.3 MB


def test_blocks_are_read_once(tmp_path: Path):
    with open_audio(write(tmp_path / "take.wav", tones(0.1))) as reader:
        list(reader.blocks())
        with pytest.raises(RuntimeError, match="only once"):
            list(reader.blocks())


@pytest.mark.parametrize(("rate", "n_channels"), [(48_000, 1), (44_100, 2), (22_050, 2)])
def test_a_format_that_changes_on_the_way_becomes_the_first_one(tmp_path: Path, rate: int, n_channels: int):
    content = b""
    for index, (one_rate, one_n) in enumerate([(44_100, 1), (rate, n_channels)]):
        part = tmp_path / f"{index}.mp3"
        encode(part, music(3.0, one_rate, one_n), one_rate, "libmp3lame")
        content += part.read_bytes()
    heard, info = read(io.BytesIO(content))
    assert (info.sample_rate, info.n_channels) == (44_100, 1)
    assert heard.shape[1] == pytest.approx(6 * 44_100, abs=1200)  # but for padding
    first, second = heard[:, : 3 * 44_100], heard[:, 3 * 44_100 :]
    assert lag(first, music(3.0)) == 0
    assert abs(lag(second, music(3.0))) <= 60
