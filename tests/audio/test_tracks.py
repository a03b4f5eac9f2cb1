"""Several audio tracks: the default one is taken, another can be chosen."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from pianotrans.audio import Block, Reading, open_audio
from pianotrans.errors import AudioError

from .recordings import encode, tones, write

RATE = 44_100
HERTZ = (300, 500, 800)


def film(path: Path, default: int | None, container: str | None = None) -> Path:
    """Three tracks of a tone each."""
    with av.open(path, "w", format=container) as file:
        streams = [file.add_stream("aac", rate=RATE, layout="mono") for _ in HERTZ]
        for number, stream in enumerate(streams, 1):
            stream.disposition = Disposition.default if number == default else Disposition(0)
        for stream, hertz in zip(streams, HERTZ, strict=True):
            tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
            frame = av.AudioFrame.from_ndarray(tone[None].astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                file.mux(packet)
    return path


def pitch(block: Block) -> int:
    spectrum = np.abs(np.fft.rfft(block[0, RATE // 2 : RATE // 2 + RATE]))
    return int(np.argmax(spectrum))


def heard(path: Path, track: int | None = None) -> tuple[int, list[dict[str, object]]]:
    with open_audio(path, Reading(track=track)) as reader:
        block = np.concatenate(list(reader.blocks()), axis=1)
    return pitch(block), [remark.to_dict() for remark in reader.remarks]


@pytest.mark.parametrize("default", [1, 2, 3])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_default_track_is_taken_and_told(tmp_path: Path, suffix: str, default: int):
    hertz, (remark,) = heard(film(tmp_path / f"film.{suffix}", default))
    assert hertz == HERTZ[default - 1]
    assert (remark["kind"], remark["track"], remark["n_tracks"]) == ("track", default, 3)


@pytest.mark.parametrize("track", [1, 2, 3])
def test_another_track_can_be_chosen(tmp_path: Path, track: int):
    hertz, (remark,) = heard(film(tmp_path / "film.mkv", 2), track)
    assert hertz == HERTZ[track - 1]
    assert remark["track"] == track


def test_the_first_without_a_default(tmp_path: Path):
    assert heard(film(tmp_path / "film.ts", None, "mpegts"))[0] == HERTZ[0]


def test_tracks_that_do_not_exist(tmp_path: Path):
    with pytest.raises(AudioError, match=r"no audio track 4, only 3 tracks"):
        open_audio(film(tmp_path / "film.mkv", 1), Reading(track=4))
    for name in ("take.wav", "take.mp3"):
        path = write(tmp_path / name, tones(0.5))
        with pytest.raises(AudioError, match=r"no audio track 2, only 1 track\."):
            open_audio(path, Reading(track=2))


def test_one_track_is_not_worth_a_remark(tmp_path: Path):
    path = encode(tmp_path / "take.m4a", tones(1.0))
    with open_audio(path, Reading(track=1)) as reader:
        list(reader.blocks())
    assert reader.remarks == []
