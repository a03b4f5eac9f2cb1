"""What cannot be transcribed is refused in one clear line."""

import io
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pianotrans.audio import AudioSource, open_audio
from pianotrans.errors import AudioError

from .recordings import encode, music, name_of, read, tones, write


def refusal(source: AudioSource) -> str:
    """The error's text, without the name that it starts with."""
    with pytest.raises(AudioError, match=r"^[^\n]+: [^\n]+\. [^\n]+\.$") as caught:
        read(source)
    name = name_of(source)
    assert str(caught.value).startswith(f"{name}: ")
    return str(caught.value).removeprefix(f"{name}: ")


def test_missing_file(tmp_path: Path):
    assert "no such file" in refusal(tmp_path / "take.wav")
    assert "no such file" in refusal("nowhere/take.wav")


def test_folder(tmp_path: Path):
    assert "is a folder" in refusal(tmp_path)


def test_a_path_that_cannot_be(tmp_path: Path):
    assert "cannot be opened" in refusal(str(tmp_path / "ta\0ke.wav"))
    assert "cannot be opened" in refusal(tmp_path / ("x" * 5000))


@pytest.mark.parametrize("name", ["take.wav", "take.mp3", "take.m4a"])
def test_empty_file(tmp_path: Path, name: str):
    (tmp_path / name).touch()
    assert "empty (0 bytes)" in refusal(tmp_path / name)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "m4a", "aac", "txt", "ogg", "wma"])
@pytest.mark.parametrize(
    "content",
    [
        b"This is a text, and no recording.\n" * 100,
        "UTF-16 begins like MPEG audio".encode("utf-16"),
        b"\xff",
        bytes(5000),
        np.random.default_rng(5).bytes(5000),
        b"#EXTM3U\n#EXTINF:10,\nother.wav\n#EXT-X-ENDLIST\n",
    ],
    ids=["text", "utf-16", "one byte", "zeros", "random", "play list"],
)
def test_not_audio(tmp_path: Path, suffix: str, content: bytes, capfd: pytest.CaptureFixture[str]):
    path = tmp_path / f"take.{suffix}"
    path.write_bytes(content)
    assert "not an audio format" in refusal(path)
    assert capfd.readouterr() == ("", "")


def test_a_play_list_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path / "secret.wav", tones(1.0))
    path = tmp_path / "take.wav"
    path.write_text("ffconcat version 1.0\nfile secret.wav\n")
    monkeypatch.chdir(tmp_path)  # FFmpeg would look for it here
    assert "not an audio format" in refusal(path)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything; for a while it is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
def test_unreadable_file(tmp_path: Path):
    path = write(tmp_path / "take.wav", tones(0.1))
    path.chmod(0)
    with as_nobody():
        assert "no permission to read it" in refusal(path)


@pytest.mark.parametrize(("suffix", "video"), [("mp4", "mpeg4"), ("webm", "libvpx")])
def test_video_without_sound(tmp_path: Path, suffix: str, video: str):
    path = encode(tmp_path / f"film.{suffix}", None, video=video)
    assert "no audio stream, only video" in refusal(path)


@pytest.mark.parametrize("suffix", ["wav", "aiff", "w64", "rf64", "au", "caf", "ogg"])
def test_no_samples(tmp_path: Path, suffix: str):
    path = write(tmp_path / f"take.{suffix}", np.zeros((1, 0), np.float32))
    assert "no samples" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_not_finite(tmp_path: Path, value: float, subtype: str):
    samples = tones(5.0, 8_000, 2)
    samples[1, 28_000] = samples[0, 28_800] = samples[1, 28_800] = value
    path = write(tmp_path / "take.wav", samples, 8_000, subtype)
    assert "3 of the 32000 samples of a block are NaN or infinite, the first at 3.500 s" in refusal(path)


def test_samples_too_large_for_float32(tmp_path: Path):
    soundfile.write(tmp_path / "take.wav", np.array([0.0, 1e300]), 8_000, "DOUBLE")
    assert "1 of the 2 samples" in refusal(tmp_path / "take.wav")


def test_too_high_or_low_rate(tmp_path: Path):
    for rate in (3_999, 768_001):
        path = write(tmp_path / "take.wav", tones(0.1, rate), rate)
        assert f"sample rate {rate} Hz. Resample it to 4000–768000 Hz." in refusal(path)


def test_too_many_channels(tmp_path: Path):
    path = write(tmp_path / "take.wav", tones(0.1, n_channels=9))
    assert "9 channels. Mix it down to at most 8." in refusal(path)


@pytest.mark.parametrize("n_bytes", [4, 12, 20, 40])
def test_wav_cut_in_its_header(tmp_path: Path, n_bytes: int):
    path = write(tmp_path / "take.wav", tones(0.1))
    path.write_bytes(path.read_bytes()[:n_bytes])
    assert "damaged" in refusal(path) or n_bytes == 4


def test_wav_with_an_impossible_header(tmp_path: Path):
    content = bytearray(write(tmp_path / "take.wav", tones(0.1)).read_bytes())
    for rate in (0, 0xFFFFFFFF):
        struct.pack_into("<I", content, 24, rate)
        refusal(io.BytesIO(content))


def test_random_damage_is_told_in_one_line_or_not_at_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    contents = [write(tmp_path / f"a.{suffix}", music(0.5)).read_bytes() for suffix in ("wav", "caf", "flac")]
    contents += [encode(tmp_path / f"b.{suffix}", music(0.5)).read_bytes() for suffix in ("m4a", "mka")]
    rng = np.random.default_rng(0)
    for _ in range(400):
        content = bytearray(contents[rng.integers(len(contents))])
        for place in rng.integers(0, 600, size=3):
            content[place] = rng.integers(256)
        with suppress(AudioError):
            read(io.BytesIO(content))
    assert capfd.readouterr() == ("", "")


def test_unknown_codec(tmp_path: Path):
    content = encode(tmp_path / "take.mka", tones(1.0)).read_bytes().replace(b"A_AAC", b"A_XYZ")
    assert "nothing could be decoded (Decoder not found)" in refusal(io.BytesIO(content))


def test_sources_that_are_not_binary_files(tmp_path: Path):
    assert "text mode" in refusal(io.StringIO("text"))  # type: ignore[arg-type]
    closed = io.BytesIO(b"RIFF")
    closed.close()
    assert "closed file" in refusal(closed)
    with pytest.raises(AudioError, match=r"ndarray object: .* use from_array"):
        open_audio(np.zeros(3))  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform == "win32", reason="other pipes there")
def test_pipe():
    end, other_end = os.pipe()
    with (
        os.fdopen(end, "rb") as file,
        os.fdopen(other_end, "wb"),
        pytest.raises(AudioError, match="a pipe, or a closed file"),
    ):
        open_audio(file)


def test_a_file_is_closed_after_a_refusal(tmp_path: Path):
    path = tmp_path / "take.wav"
    path.write_text("nothing")
    for _ in range(3):  # a file left open is a ResourceWarning, and warnings are errors
        refusal(path)
    path.rename(tmp_path / "moved.wav")
