"""Holes in the data: refused with their place, or filled with silence."""

from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import Block, Reading, open_audio
from pianotrans.errors import AudioError
from pianotrans.remarks import Remark

from .recordings import encode, lag_at, notes, overwrite, write

DURATION_S = 12.0
RATE = 48_000
KINDS = [
    ("mkv", "aac", "matroska"),
    ("mkv", "flac", "matroska"),
    ("mkv", "pcm_s16le", "matroska"),
    ("mkv", "libmp3lame", "matroska"),
    ("webm", "libopus", "webm"),
    ("mp4", "aac", "mp4"),
    ("m4a", "alac", "ipod"),
    ("ts", "aac", "mpegts"),
    ("flv", "aac", "flv"),
    ("mpg", "mp2", "mpeg"),
    ("wma", "wmav2", "asf"),
    ("opus", "libopus", "ogg"),
    ("ogg", None, None),
    ("flac", None, None),
    ("mp3", "libmp3lame", "mp3"),
    ("ac3", "ac3", "ac3"),
]
ROUGH = [("aac", "aac", "adts"), ("avi", "libmp3lame", "avi")]  # the length of a hole is known by its bytes alone


@pytest.fixture(scope="module")
def played() -> Block:
    return notes(DURATION_S, RATE)


def listen(path: Path) -> tuple[Block, list[Remark]]:
    with open_audio(path, Reading(allow_damaged=True)) as reader:
        blocks = list(reader.blocks())
    return np.concatenate(blocks, axis=1), reader.remarks


def refused(path: Path) -> str:
    with pytest.raises(AudioError) as caught, open_audio(path) as reader:
        list(reader.blocks())
    assert "--allow-damaged" in str(caught.value)
    return str(caught.value)


def make(folder: Path, played: Block, suffix: str, codec: str | None, container: str | None) -> Path:
    path = folder / f"take.{suffix}"
    return write(path, played, RATE) if codec is None else encode(path, played, RATE, codec, container)


@pytest.mark.parametrize("content", ["noise", "zeros"])
@pytest.mark.parametrize(("suffix", "codec", "container"), KINDS)
def test_a_hole_in_the_middle(
    tmp_path: Path, played: Block, suffix: str, codec: str | None, container: str | None, content: str
):
    whole = make(tmp_path, played, suffix, codec, container)
    path = overwrite(whole, 0.5, whole.stat().st_size // 12, content)
    refused(path)
    heard, remarks = listen(path)
    shift = lag_at(heard, played, 1.0, 4.0, RATE)
    assert shift == (-2048 if codec == "wmav2" else 0)  # FFmpeg's encoder loses as much
    assert lag_at(heard, played, 10.5, 11.8, RATE) == pytest.approx(shift, abs=200)
    assert {remark.kind for remark in remarks} == {"damage"}
    assert 4.5 < float(remarks[0].values["start_s"]) < 6.2 < float(remarks[0].values["end_s"]) < 10.1


@pytest.mark.parametrize(("suffix", "codec", "container"), ROUGH)
def test_a_hole_of_which_only_the_bytes_are_known(
    tmp_path: Path, played: Block, suffix: str, codec: str, container: str
):
    whole = make(tmp_path, played, suffix, codec, container)
    path = overwrite(whole, 0.5, whole.stat().st_size // 12)
    assert "damaged at 6." in refused(path) or "damaged at 5.9" in refused(path)
    heard, remarks = listen(path)
    assert lag_at(heard, played, 8, 11, RATE) == pytest.approx(0, abs=0.05 * RATE)
    assert float(remarks[0].values["start_s"]) == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("place", [0.04, 0.95])
@pytest.mark.parametrize("suffix", ["mkv", "ogg", "flac", "mp3"])
def test_a_hole_near_an_end(tmp_path: Path, played: Block, suffix: str, place: float):
    codec = {"mkv": "aac", "mp3": "libmp3lame"}.get(suffix)
    whole = make(tmp_path, played, suffix, codec, None)
    path = overwrite(whole, place, whole.stat().st_size // 25)
    refused(path)
    heard, remarks = listen(path)
    assert lag_at(heard, played, 6.0, 9.0, RATE) == pytest.approx(0, abs=200)
    assert {remark.kind for remark in remarks} == {"damage"}


@pytest.mark.parametrize("content", ["noise", "zeros"])
@pytest.mark.parametrize("suffix", ["mkv", "ogg", "opus", "flac", "mp3", "aac", "flv"])
def test_an_end_that_is_no_more(tmp_path: Path, played: Block, suffix: str, content: str):
    codec = {"mkv": "aac", "mp3": "libmp3lame", "aac": "aac", "flv": "aac"}.get(suffix)
    whole = make(tmp_path, played, suffix, codec, {"aac": "adts"}.get(suffix))
    path = overwrite(whole, 0.85, whole.stat().st_size, content)
    refused(path)
    heard, remarks = listen(path)
    assert abs(lag_at(heard, played, 6.0, 8.0, RATE)) <= RATE // 1000
    assert {remark.kind for remark in remarks} == {"damage"}


def test_an_mp3_that_counts_its_frames_has_a_hole_of_exact_length(tmp_path: Path, played: Block):
    whole = write(tmp_path / "take.mp3", played, RATE)  # of variable bit rate
    heard, _ = listen(overwrite(whole, 0.4, whole.stat().st_size // 8))
    assert heard.shape == played.shape
    assert lag_at(heard, played, 8, 11, RATE) == 0


def test_a_frame_that_is_lost_is_told_and_nothing_is_shifted(tmp_path: Path, played: Block):
    path = overwrite(encode(tmp_path / "take.ts", played, RATE, "aac", "mpegts"), 0.3, 200)
    with open_audio(path) as reader:
        heard = np.concatenate(list(reader.blocks()), axis=1)
    assert lag_at(heard, played, 6, 11, RATE) == 0
    assert [remark.kind for remark in reader.remarks] == ["damage"]
