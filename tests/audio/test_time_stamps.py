"""Time is the container's: pauses stay, overlaps are cut, sound that begins late begins late."""

from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import Block, Reading, open_audio
from pianotrans.remarks import Remark

from .recordings import encode, lag, lag_at, notes, remux, write

DURATION_S = 8.0
RATE = 48_000
CLOCKED = [
    ("mkv", "aac", "matroska"),
    ("mkv", "flac", "matroska"),
    ("mkv", "pcm_s16le", "matroska"),
    ("mkv", "libmp3lame", "matroska"),
    ("webm", "libopus", "webm"),
    ("mp4", "aac", "mp4"),
    ("m4a", "alac", "ipod"),
    ("mp4", "flac", "mp4"),
    ("ts", "aac", "mpegts"),
    ("flv", "aac", "flv"),
    ("mpg", "mp2", "mpeg"),
    ("opus", "libopus", "ogg"),
    ("oga", "flac", "ogg"),
]


@pytest.fixture(scope="module")
def played() -> Block:
    return notes(DURATION_S, RATE)


def listen(path: Path) -> tuple[Block, list[Remark]]:
    with open_audio(path, Reading()) as reader:
        blocks = list(reader.blocks())
    assert reader.info.sample_rate == RATE
    return np.concatenate(blocks, axis=1), reader.remarks


@pytest.mark.parametrize(("suffix", "codec", "container"), CLOCKED)
def test_pauses_are_kept_and_told(tmp_path: Path, played: Block, suffix: str, codec: str, container: str):
    whole = encode(tmp_path / f"whole.{suffix}", played, RATE, codec, container)
    paused = remux(
        whole, tmp_path / f"paused.{suffix}", lambda s: s if s < 2 else s + 0.05 if s < 5 else s + 2.05, container
    )
    heard, remarks = listen(paused)
    assert heard.shape[1] == pytest.approx((DURATION_S + 2.05) * RATE, abs=0.05 * RATE)
    for begin_s, end_s, late_s in ((0.5, 1.8, 0.0), (2.7, 4.5, 0.05), (6.0, 7.5, 2.05)):
        assert lag_at(heard, played, begin_s, end_s, RATE) == pytest.approx(late_s * RATE, abs=50)
    assert [remark.kind for remark in remarks] == ["pause", "pause"]
    lengths_s = [float(remark.values["end_s"]) - float(remark.values["start_s"]) for remark in remarks]
    assert lengths_s == pytest.approx([0.05, 2.0], abs=0.025)
    assert float(remarks[1].values["start_s"]) == pytest.approx(5.05, abs=0.7)  # FFmpeg makes pages of one second


@pytest.mark.parametrize(("suffix", "container"), [("mkv", "matroska"), ("mp4", "mp4")])
def test_recordings_without_pauses_have_no_remarks(tmp_path: Path, played: Block, suffix: str, container: str):
    assert listen(encode(tmp_path / f"whole.{suffix}", played, RATE, "aac", container))[1] == []


def test_an_overlap_is_cut(tmp_path: Path, played: Block):
    content = bytearray(encode(tmp_path / "whole.mkv", played, RATE, "pcm_s16le").read_bytes())
    second = content.rindex(bytes.fromhex("1f43b675"))  # the last cluster
    at = content.index(b"\xe7\x82", second) + 2  # its time in ms, in two bytes
    begins_s = int.from_bytes(content[at : at + 2], "big") / 1000
    content[at : at + 2] = round(1000 * (begins_s - 1)).to_bytes(2, "big")
    (tmp_path / "overlap.mkv").write_bytes(content)
    heard, remarks = listen(tmp_path / "overlap.mkv")
    assert heard.shape[1] == pytest.approx((DURATION_S - 1) * RATE, abs=0.05 * RATE)
    assert lag_at(heard, played, 0.5, begins_s - 0.5, RATE) == 0
    assert lag_at(heard, played, begins_s + 1.2, 7.5, RATE) == pytest.approx(-RATE, abs=50)
    assert remarks == []


@pytest.mark.parametrize("late_s", [0.4, 1.0])
@pytest.mark.parametrize(("suffix", "container", "video"), [("mkv", "matroska", "mpeg4"), ("mp4", "mp4", "mpeg4")])
def test_sound_that_begins_after_the_pictures(
    tmp_path: Path, played: Block, suffix: str, container: str, video: str, late_s: float
):
    whole = encode(tmp_path / f"whole.{suffix}", played, RATE, "aac", container, video=video)
    late = remux(whole, tmp_path / f"late.{suffix}", lambda s: s, container, late_sound_s=late_s)
    heard, remarks = listen(late)
    assert lag(heard, played) == pytest.approx(late_s * RATE, abs=50)
    assert not heard[:, : round((late_s - 0.05) * RATE)].any()
    assert remarks == []


def test_mpeg_that_was_joined_goes_on_although_its_clock_starts_anew(tmp_path: Path, played: Block):
    one = encode(tmp_path / "one.ts", played, RATE, "aac", "mpegts").read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one + one)
    heard, _ = listen(joined)
    assert heard.shape[1] == pytest.approx(2 * DURATION_S * RATE, abs=0.1 * RATE)
    assert lag(heard[:, round(DURATION_S * RATE) :], played) == pytest.approx(1408, abs=1500)


def test_vorbis_with_a_pause_is_never_closed_up_silently(tmp_path: Path, played: Block):
    whole = write(tmp_path / "whole.ogg", played, RATE)
    heard, remarks = listen(remux(whole, tmp_path / "paused.ogg", lambda s: s if s < 4 else s + 2))
    assert lag_at(heard, played, 6, 7.5, RATE) == pytest.approx(2 * RATE, abs=500)
    assert [remark.kind for remark in remarks] == ["pause"]
