"""Recordings that break off, and such as only look so."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import Reading, open_audio
from pianotrans.errors import AudioError

from .recordings import cut, encode, lag, music, read, write

DURATION_S = 6.0
BY_LIBSNDFILE = ["wav", "flac", "aiff", "caf", "w64", "rf64", "au", "mp3"]
BY_FFMPEG = [
    ("m4a", "aac", {"movflags": "+faststart"}),
    ("mka", "aac", {}),
    ("webm", "libopus", {}),
    ("mp3", "libmp3lame", {}),
]


FRACTIONS = (0.3, 0.6)


def check_cut(whole: Path, fraction: float) -> None:
    part = cut(whole, fraction)
    with pytest.raises(AudioError, match=r"header promises 6\.\d s, \d\.\d s could be decoded\. .*truncated") as e:
        read(part)
    assert str(e.value).startswith(f"{part}: ")
    said_s = float(str(e.value).split(" s could")[0].split()[-1])
    with open_audio(part, Reading(allow_damaged=True)) as reader:
        info, heard = reader.info, np.concatenate(list(reader.blocks()), axis=1)
    (remark,) = reader.remarks
    assert remark.kind == "damage"
    assert remark.values["start_s"] == pytest.approx(said_s, abs=0.15)
    assert heard.shape[1] / info.sample_rate == pytest.approx(said_s, abs=0.15)
    assert 0.5 * fraction * DURATION_S < said_s < 1.5 * fraction * DURATION_S
    assert lag(heard, music(DURATION_S, info.sample_rate)[:, : heard.shape[1]]) == 0


@pytest.mark.parametrize(("end_s", "n_told"), [(1.0, 0), (5.0, 1)])
def test_a_part_before_the_cut_has_no_damage(tmp_path: Path, end_s: float, n_told: int):
    part = cut(write(tmp_path / "take.wav", music(DURATION_S)), 0.5)
    with open_audio(part, Reading(end_s=end_s, allow_damaged=True)) as reader:
        n_samples = sum(block.shape[1] for block in reader.blocks())
    assert n_samples / reader.info.sample_rate == pytest.approx(min(end_s, DURATION_S / 2), abs=0.01)
    assert len(reader.remarks) == n_told


@pytest.mark.parametrize("suffix", BY_LIBSNDFILE)
def test_cut_files(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]):
    whole = write(tmp_path / f"take.{suffix}", music(DURATION_S))
    for fraction in FRACTIONS:
        check_cut(whole, fraction)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("suffix", "codec", "options"), BY_FFMPEG)
def test_cut_files_of_ffmpeg(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str], capfd: pytest.CaptureFixture[str]
):
    whole = encode(tmp_path / f"take.{suffix}", music(DURATION_S, 48_000), 48_000, codec, options=options)
    for fraction in FRACTIONS:
        check_cut(whole, fraction)
    assert capfd.readouterr() == ("", "")


def test_cut_video(tmp_path: Path):
    for suffix, video, codec in (("mkv", "mpeg4", "aac"), ("webm", "libvpx", "libopus")):
        whole = encode(tmp_path / f"take.{suffix}", music(DURATION_S, 48_000), 48_000, codec, video=video)
        check_cut(whole, 0.5)


@pytest.mark.parametrize("suffix", ["ogg", "opus"])
def test_cut_ogg(tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]):
    whole = write(tmp_path / f"take.{suffix}", music(DURATION_S, 48_000), 48_000)
    for fraction in (*FRACTIONS, 0.999):
        part = cut(whole, fraction)
        with pytest.raises(AudioError, match=r"Ogg page, \d\.\d s can be decoded\. The file looks truncated"):
            open_audio(part)
        heard, _ = read(part, allow_damaged=True)
        assert 0.5 * fraction * DURATION_S < heard.shape[1] / 48_000 < DURATION_S
    assert capfd.readouterr() == ("", "")


def test_cut_wma(tmp_path: Path):
    whole = encode(tmp_path / "take.wma", music(DURATION_S), codec="wmav2", container="asf")
    read(whole)
    part = cut(whole, 0.6)
    with pytest.raises(AudioError, match=r"header promises \d+ bytes of sound, \d+ are there\. .*truncated"):
        open_audio(part)
    heard, _ = read(part, allow_damaged=True)
    assert heard.shape[1] / 44_100 == pytest.approx(0.6 * DURATION_S, abs=0.2)


def test_cut_m4a_with_its_index_at_the_end(tmp_path: Path):
    part = cut(encode(tmp_path / "take.m4a", music(2.0)), 0.6)
    with pytest.raises(AudioError, match=r"without a readable index \(moov\)\. The file looks truncated"):
        open_audio(part)


def test_cut_mp3_that_promises_nothing(tmp_path: Path):
    whole = encode(tmp_path / "t.mp3", music(DURATION_S), codec="libmp3lame", options={"write_xing": "0"})
    heard, _ = read(cut(whole, 0.6))
    assert heard.shape[1] / 44_100 == pytest.approx(0.6 * DURATION_S, abs=0.1)


def test_cuts_that_are_known_at_once_are_told_at_once(tmp_path: Path):
    part = cut(write(tmp_path / "take.wav", music(DURATION_S)), 0.6)
    with pytest.raises(AudioError, match="truncated"):
        open_audio(part)


@pytest.mark.parametrize(
    ("name", "make", "damage_bytes"),
    [("take.flac", write, 100), ("take.mp3", write, 6000), ("take.m4a", encode, 6000)],
)
def test_damage_in_the_middle(
    tmp_path: Path,
    name: str,
    make: Callable[[Path, np.ndarray], Path],
    damage_bytes: int,
    capfd: pytest.CaptureFixture[str],
):
    path = make(tmp_path / name, music(DURATION_S))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + damage_bytes] = b"\x5a" * damage_bytes
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"damaged at [23]\.\d s, where|[23]\.\d s could be decoded"):
        read(path)
    heard, _ = read(path, allow_damaged=True)
    assert heard.shape[1] / 44_100 == pytest.approx(DURATION_S, abs=0.1)
    later = slice(200_000, 250_000)
    assert lag(heard[:, later], music(DURATION_S)[:, later]) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("riff_size", [0, 0xFFFFFFFF])
@pytest.mark.parametrize("data_size", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFF000, 0x80000000])
def test_wav_written_to_a_pipe(tmp_path: Path, riff_size: int, data_size: int):
    played = music(2.0)
    content = bytearray(write(tmp_path / "take.wav", played).read_bytes())
    struct.pack_into("<I", content, 4, riff_size)
    struct.pack_into("<I", content, 40, data_size)
    heard, _ = read(io.BytesIO(content))
    np.testing.assert_allclose(heard, played, atol=2**-15)


def test_flac_written_to_a_pipe(tmp_path: Path):
    played = music(5.0)
    content = bytearray(write(tmp_path / "take.flac", played).read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)  # the number of samples: unknown
    heard, info = read(io.BytesIO(content))
    np.testing.assert_allclose(heard, played, atol=2**-15)
    assert info.duration_s is None


def test_wav_with_other_chunks(tmp_path: Path):
    content = write(tmp_path / "take.wav", music(0.5)).read_bytes()
    note = b"LIST" + struct.pack("<I", 5) + b"INFOx"
    for padded in (b"", b"\0"):
        assert read(io.BytesIO(content + note + padded))[0].shape == (1, 22_050)
        between = content[:36] + note + b"\0" + content[36:]
        assert read(io.BytesIO(between + padded))[0].shape == (1, 22_050)
    with pytest.raises(AudioError, match=r"header promises 0\.5 s, 0\.2 s"):
        open_audio(io.BytesIO(between[:22_000]))


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_recordings_in_a_chain_are_read_to_the_end(tmp_path: Path, suffix: str):
    first = write(tmp_path / f"first.{suffix}", music(3.0)).read_bytes()
    second = write(tmp_path / f"second.{suffix}", music(4.0)).read_bytes()
    heard, _ = read(io.BytesIO(first + second))
    assert heard.shape[1] / 44_100 == pytest.approx(7.0, abs=0.1)


def test_a_few_bytes_of_something_else_at_the_end_do_no_harm(tmp_path: Path):
    content = write(tmp_path / "take.mp3", music(3.0)).read_bytes()
    heard, _ = read(io.BytesIO(content + b"TAG" + bytes(125)))
    assert heard.shape[1] == 3 * 44_100
