"""Recordings as people meet them (../shared/field): each with what is right."""

import os
from pathlib import Path

import numpy as np
import pytest

from pianotrans.audio import AudioInfo, Block, Reading, open_audio, resample
from pianotrans.errors import AudioError
from pianotrans.remarks import Remark

from .recordings import lag_at

SHARED = Path(os.environ.get("PIANOTRANS_SHARED", Path(__file__).parents[3] / "shared"))
FIELD = SHARED / "field"
RATE = 44_100
TOLERANCE = round(0.002 * RATE)
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not FIELD.is_dir(), reason=f"the shared data is not at {FIELD} (PIANOTRANS_SHARED)"),
]


@pytest.fixture(scope="module")
def sonata() -> Block:
    """What all of them were made from."""
    with open_audio(SHARED / "maestro-mini/2011/haydn_sonata.wav", Reading(end_s=10.0)) as reader:
        return np.concatenate(list(reader.blocks()), axis=1).mean(axis=0, keepdims=True)


def listen(name: str, **how: bool) -> tuple[Block, AudioInfo, list[Remark]]:
    with open_audio(FIELD / name, Reading(**how)) as reader:
        blocks = list(resample(reader.blocks(), reader.info.sample_rate, RATE, reader.info.n_channels))
    return np.concatenate(blocks, axis=1).mean(axis=0, keepdims=True), reader.info, reader.remarks


def refused(name: str) -> str:
    with pytest.raises(AudioError, match="--allow-damaged") as caught:
        listen(name)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["gaps/w.m4a", "encoder-delay/w.aac", "encoder-delay/w.mp3", "damaged-middle/whole.webm"]
)
def test_whole_recordings_are_where_they_were(sonata: Block, name: str):
    heard, _, remarks = listen(name)
    for begin_s in (0, 3, 6):
        assert abs(lag_at(heard, sonata, begin_s, begin_s + 3.5, RATE)) <= RATE // 1000
    assert remarks == []


def test_garbage_in_the_middle_of_a_film(sonata: Block):
    assert "damaged at 5.1 s" in refused("damaged-middle/damaged_middle.webm")
    heard, _, (remark,) = listen("damaged-middle/damaged_middle.webm", allow_damaged=True)
    assert heard.shape[1] == pytest.approx(10 * RATE, abs=0.01 * RATE)
    assert abs(lag_at(heard, sonata, 1, 4.5, RATE)) <= TOLERANCE
    assert remark.kind == "damage"


def test_a_pause_in_a_screen_recording(sonata: Block):
    heard, _, (remark,) = listen("gaps/pause2s.webm")
    assert abs(lag_at(heard, sonata, 1, 4.5, RATE)) <= TOLERANCE
    assert lag_at(heard, sonata, 5.5, 9.5, RATE) == pytest.approx(2 * RATE, abs=TOLERANCE)
    assert remark.kind == "pause"
    assert (remark.values["start_s"], remark.values["end_s"]) == pytest.approx((5.0, 7.0), abs=0.02)


@pytest.mark.parametrize(
    ("name", "begin_s", "length_s"),
    [("gaps/hole_1.7s.mp3", 4.0, 1.7), ("opus-pages-lost/two_pages_lost.opus", 4.0, 2.0)],
)
def test_lost_sound(sonata: Block, name: str, begin_s: float, length_s: float):
    assert f"damaged at {begin_s:.1f} s" in refused(name)
    heard, _, (remark,) = listen(name, allow_damaged=True)
    assert abs(lag_at(heard, sonata, 1, begin_s - 0.2, RATE)) <= TOLERANCE
    assert abs(lag_at(heard, sonata, begin_s + length_s + 0.2, 9.8, RATE)) <= TOLERANCE
    assert remark.kind == "damage"
    assert float(remark.values["end_s"]) - float(remark.values["start_s"]) == pytest.approx(length_s, abs=0.05)


@pytest.mark.parametrize(("name", "length_s"), [("chain", 14.0), ("chain_aa", 10.0), ("chain_rates", 10.0)])
def test_chains(sonata: Block, name: str, length_s: float):
    heard, _, remarks = listen(f"ogg-chains/{name}.ogg")
    assert heard.shape[1] / RATE == pytest.approx(length_s, abs=0.01)
    assert abs(lag_at(heard, sonata, 1, 4.5, RATE)) <= TOLERANCE
    assert remarks == []


@pytest.mark.parametrize(("name", "length_s"), [("joined_vbr.mp3", 10.0), ("ape_cover_at_end.mp3", 5.0)])
def test_whole_mp3s(name: str, length_s: float):
    heard, _, remarks = listen(f"whole-mp3/{name}")
    assert heard.shape[1] / RATE == pytest.approx(length_s, abs=0.06)
    assert remarks == []


def test_the_default_track(sonata: Block):
    heard, _, (remark,) = listen("second-audio-track/second_track_is_default.m4a")
    assert abs(lag_at(heard, sonata, 1, 9, RATE)) <= TOLERANCE
    assert (remark.values["track"], remark.values["n_tracks"]) == (2, 2)


def test_a_film_whose_sound_begins_late(sonata: Block):
    heard, _, remarks = listen("late-sound/sound_begins_at_1s.mp4")
    assert lag_at(heard, sonata, 0, 8, RATE) == pytest.approx(RATE, abs=TOLERANCE)
    assert remarks == []


@pytest.mark.parametrize("name", ["sbagen_text.wav", "crash_channels0.adx"])
def test_what_is_no_recording(name: str):
    with pytest.raises(AudioError, match="not an audio format"):
        listen(f"attack/{name}")


def test_a_tag_that_swells():
    assert listen("attack/id3_zlib_200M.mp3")[0].shape[1] > RATE
