"""A part of a recording: exactly that, found by seeking, and nothing after it is decoded."""

from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import Block, Reading, open_audio
from pianotrans.errors import AudioError

from .recordings import cut, encode, lag, music, notes, overwrite, read, remux, write


def beginning(path, limit_s: float, **options: bool) -> Block:
    with open_audio(path, Reading(end_s=limit_s, **options)) as reader:
        blocks = list(reader.blocks())
        assert all(block.flags.c_contiguous for block in blocks)
        assert reader.info.duration_s == pytest.approx(min(limit_s, 5.0), abs=0.06)
    return np.concatenate(blocks, axis=1)


@pytest.fixture
def wav(tmp_path):
    return write(tmp_path / "a.wav", music(5.0, n_channels=2))


@pytest.mark.parametrize("limit_s", [1e-9, 0.5, 2.0, 2.00001, 3.7, 5.0, 5.5, 1e6])
def test_exactly_so_many_samples(wav, limit_s):
    whole, info = read(wav)
    n_samples = max(1, round(min(limit_s, 5.0) * info.sample_rate))
    np.testing.assert_array_equal(beginning(wav, limit_s), whole[:, :n_samples])


def test_of_a_lossy_file(tmp_path):
    path = encode(tmp_path / "a.mp3", music(5.0), codec="libmp3lame")
    whole, info = read(path)
    np.testing.assert_array_equal(beginning(path, 1.5), whole[:, : round(1.5 * info.sample_rate)])


def test_damage_after_it_does_not_matter(tmp_path):
    path = cut(write(tmp_path / "a.flac", music(5.0)), 0.8)
    whole = music(5.0)
    np.testing.assert_allclose(beginning(path, 2.0), whole[:, : 2 * 44_100], atol=1e-4)
    with pytest.raises(AudioError, match=r"cut_a\.flac: "):
        beginning(path, 4.9)


def test_what_the_header_promises_must_be_there(tmp_path, wav):
    with pytest.raises(AudioError, match=r"header promises 5\.0 s, 2\.5 s could be decoded"):
        beginning(cut(wav, 0.5), 1.0)
    assert beginning(cut(wav, 0.5), 1.0, allow_damaged=True).shape == (2, 44_100)


DURATION_S = 18.0
RATE = 48_000
STARTS = ((3.3, 5.0), (13.123, 14.0), (15.5, None))

BY_LIBSNDFILE = ["wav", "flac", "aiff", "ogg", "opus"]
EXACT = [
    ("mkv", "flac", "matroska"),
    ("mkv", "pcm_s16le", "matroska"),
    ("mp4", "flac", "mp4"),
    ("m4a", "alac", "ipod"),
    ("mov", "pcm_s24le", "mov"),
    ("mp3", "libmp3lame", "mp3"),
    ("ts", "aac", "mpegts"),
    ("wma", "wmav2", "asf"),
    ("avi", "libmp3lame", "avi"),
]
LOSSY = [  # whose decoders fill up with noise of their own, or depend on all that came before
    ("mkv", "aac", "matroska"),
    ("webm", "libopus", "webm"),
    ("mkv", "libmp3lame", "matroska"),
    ("mp4", "aac", "mp4"),
    ("aac", "aac", "adts"),
]


@pytest.fixture(scope="module")
def long_notes() -> Block:
    return notes(DURATION_S, RATE)


def parts(path: Path, duration_s: float = DURATION_S) -> list[tuple[Block, Block]]:
    """What is heard of some parts, and of the whole in their places."""
    with open_audio(path) as reader:
        whole = np.concatenate(list(reader.blocks()), axis=1)
    pairs = []
    for start_s, end_s in STARTS:
        with open_audio(path, Reading(start_s, end_s)) as reader:
            heard = np.concatenate(list(reader.blocks()), axis=1)
            if reader.info.duration_s is not None:
                assert reader.info.duration_s == pytest.approx((end_s or duration_s) - start_s, abs=0.05)
        end = None if end_s is None else round(end_s * RATE)
        pairs.append((heard, whole[:, round(start_s * RATE) : end]))
    return pairs


@pytest.mark.parametrize("suffix", BY_LIBSNDFILE)
def test_a_part_is_a_part_of_the_whole(tmp_path, long_notes, suffix):
    for heard, expected in parts(write(tmp_path / f"take.{suffix}", long_notes, RATE)):
        np.testing.assert_allclose(heard, expected, atol=0 if suffix in ("wav", "flac", "aiff") else 1e-3)


@pytest.mark.parametrize(("suffix", "codec", "container"), EXACT)
def test_a_part_is_a_part_of_the_whole_through_ffmpeg(tmp_path, long_notes, suffix, codec, container):
    path = encode(tmp_path / f"take.{suffix}", long_notes, RATE, codec, container)
    for heard, expected in parts(path):
        np.testing.assert_allclose(heard, expected, atol=1e-5)


@pytest.mark.parametrize(("suffix", "codec", "container"), LOSSY)
def test_a_part_of_a_lossy_recording_is_in_its_place(tmp_path, long_notes, suffix, codec, container):
    path = encode(tmp_path / f"take.{suffix}", long_notes, RATE, codec, container)
    for heard, expected in parts(path):
        assert heard.shape == expected.shape
        assert lag(heard, expected) == 0
        assert np.abs(heard - expected).std() < 0.01


def test_a_part_of_a_recording_with_pauses(tmp_path, long_notes):
    whole = encode(tmp_path / "take.mkv", long_notes, RATE, "flac")
    paused = remux(whole, tmp_path / "paused.mkv", lambda s: s if s < 5 else s + 2 if s < 12 else s + 2.5)
    for heard, expected in parts(paused, DURATION_S + 2.5):
        assert lag(heard, expected) == 0


def test_a_part_behind_the_end(wav, tmp_path):
    for path in (
        wav,
        encode(tmp_path / "a.m4a", music(5.0)),
        encode(tmp_path / "a.mp3", music(5.0), codec="libmp3lame"),
    ):
        with (
            pytest.raises(AudioError, match=r"lasts 5\.0 s, so there is nothing from 60 s on"),
            open_audio(path, Reading(60.0)) as reader,
        ):
            list(reader.blocks())


def test_damage_before_it_does_not_matter(tmp_path, long_notes):
    path = overwrite(encode(tmp_path / "a.mp3", long_notes, RATE, "libmp3lame"), 0.2, 10_000)
    with pytest.raises(AudioError, match=r"damaged at 3\.\d s"):
        read(path)
    with open_audio(path, Reading(10.0)) as reader:
        assert lag(np.concatenate(list(reader.blocks()), axis=1), long_notes[:, 10 * RATE :]) == 0
    assert reader.remarks == []


def test_remarks_have_the_times_of_the_recording(tmp_path, long_notes):
    path = overwrite(encode(tmp_path / "a.m4a", long_notes, RATE), 0.6, 20_000)
    with open_audio(path, Reading(10.5, allow_damaged=True)) as reader:
        list(reader.blocks())
    (remark,) = reader.remarks
    assert remark.kind == "damage"
    assert remark.values["start_s"] == pytest.approx(0.6 * DURATION_S, abs=1.0)
