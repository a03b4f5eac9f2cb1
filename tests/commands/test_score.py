"""`pianotrans score`: what it writes, where, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import mido
import pytest

from pianotrans import extras
from pianotrans.events import load_midi
from tests.score.playing import compose, play

from .driving import clip, names, only_error, run, transcribe

BPM = 96
PERFORMANCE = play(compose("3/4", 8), 60 / BPM)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    PERFORMANCE.save(tmp_path / "song.mid")
    return tmp_path / "song.mid"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def score(*arguments: object) -> Any:
    """The command; anything but a planned exit is an error of the test."""
    result = run("score", *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.stdout == ""
    return result


# What it writes, and where


def test_musicxml_beside_the_song(song: Path):
    result = score(song)
    assert result.exit_code == 0, result.stderr
    assert names(song.parent) == ["song.mid", "song.musicxml"]
    text = song.with_suffix(".musicxml").read_text()
    assert "<score-partwise" in text
    assert "<work-title>song</work-title>" in text
    assert "song.musicxml" in result.stderr


def test_into_a_file_whose_suffix_says_the_format(song: Path, out: Path):
    assert score(song, "-o", out / "other.json").exit_code == 0
    assert names(out) == ["other.json"]
    written = json.loads((out / "other.json").read_text())
    assert len(written["score"]["notes"]) == len(written["notes"]) == len(PERFORMANCE.notes)


def test_several_formats_into_a_folder(song: Path, out: Path):
    assert score(song, "-o", out, "--format", "musicxml,mid", "--format", "json").exit_code == 0
    assert names(out) == ["song.json", "song.mid", "song.musicxml"]


def test_a_title(song: Path):
    assert score(song, "--title", "Menuet <in G>").exit_code == 0
    assert "<work-title>Menuet &lt;in G&gt;</work-title>" in song.with_suffix(".musicxml").read_text()


def test_corrections_are_taken(song: Path, out: Path):
    given = ("--bpm", BPM, "--time-signature", "3/4", "--downbeat-at", "0.5", "--key", "C major")
    assert score(song, *given, "-o", out / "a.json").exit_code == 0
    found = json.loads((out / "a.json").read_text())["score"]
    assert found["bpm"] == pytest.approx(BPM, rel=0.01)
    assert {measure["time_signature"] for measure in found["measures"]} == {"3/4"}
    assert {(measure["fifths"], measure["mode"]) for measure in found["measures"]} == {(0, "major")}
    assert found["measures"][0]["start_s"] == pytest.approx(0.5, abs=0.05)


def test_hands_are_tracks_and_the_tempo_is_a_map(song: Path, out: Path):
    assert score(song, "--bpm", BPM, "--hands", "-o", out / "a.mid").exit_code == 0
    tracks = mido.MidiFile(out / "a.mid").tracks
    assert {"right hand", "left hand"} <= {track.name for track in tracks}
    tempi = [mido.tempo2bpm(m.tempo) for track in tracks for m in track if m.type == "set_tempo"]
    assert len(tempi) > 1
    assert sorted(tempi)[len(tempi) // 2] == pytest.approx(BPM, rel=0.02)
    notes = load_midi(out / "a.mid").notes
    assert [note.key for note in notes] == [note.key for note in PERFORMANCE.notes]
    for note, played in zip(notes, PERFORMANCE.notes, strict=True):
        assert note.onset_s == pytest.approx(played.onset_s, abs=0.003)


def test_a_recording_is_transcribed_first(tmp_path: Path):
    source = clip(tmp_path / "take.wav")
    given = ("--model", "tiny", "--device", "cpu", "--precision", "float32")
    assert score(source, *given, "-o", tmp_path / "take.json").exit_code == 0
    transcribe(source, "-o", tmp_path / "heard.json")
    written, heard = (json.loads((tmp_path / name).read_text()) for name in ("take.json", "heard.json"))
    assert written["notes"] == heard["notes"]
    assert len(written["score"]["notes"]) == len(heard["notes"]) > 0


# Beats to edit and to give back


@pytest.mark.parametrize("suffix", ["csv", "txt"])
def test_beats_are_written_edited_and_taken(song: Path, out: Path, suffix: str):
    beats = out / f"beats.{suffix}"
    result = score(song, "--bpm", BPM, "--write-beats", beats, "-o", out / "a.json")
    assert result.exit_code == 0, result.stderr
    lines = beats.read_text().splitlines()
    del lines[-3:]  # the edit: the last three beats
    beats.write_text("\n".join(lines))
    assert score(song, "--beats", beats, "-o", out / "b.json").exit_code == 0
    found, taken = (json.loads((out / name).read_text())["score"]["beats"] for name in ("a.json", "b.json"))
    assert [beat["time_s"] for beat in taken] == [beat["time_s"] for beat in found[:-3]]
    assert [beat["beat"] for beat in taken] == [beat["beat"] for beat in found[:-3]]


# What it refuses


def refused(exit_code: int, *arguments: object) -> str:
    result = score(*arguments)
    assert result.exit_code == exit_code
    return only_error(result)


def test_nothing_is_replaced_unasked(song: Path):
    sheet = song.with_suffix(".musicxml")
    sheet.write_text("mine")
    assert "--overwrite" in refused(1, song)
    assert sheet.read_text() == "mine"
    beats = song.parent / "beats.csv"
    beats.write_text("mine")
    assert "beats.csv" in refused(1, song, "-o", song.parent / "other.musicxml", "--write-beats", beats)
    assert names(song.parent) == ["beats.csv", "song.mid", "song.musicxml"]
    assert score(song, "--overwrite").exit_code == 0
    assert sheet.read_text() != "mine"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("-o", "song.xyz"), "song.xyz"),
        (("-o", "song.html"), "html"),
        (("--format", "html"), "html"),
        (("--format", "wav"), "wav"),
        (("-o", "a.musicxml", "--format", "mid,json"), "--format"),
        (("-o", "a.musicxml", "--format", "json"), "--format"),
        (("--format", "mid"), "-o"),
        (("--write-beats", "beats.xml"), "beats.xml"),
        (("--bpm", "96", "--half-tempo"), "--half-tempo"),
        (("--bpm", "4000"), "--bpm"),
        (("--time-signature", "3/4", "--pickup", "3"), "--pickup"),
        (("--time-signature", "97/4"), "--time-signature"),
        (("--beats", "song.mid"), "song.mid"),
        (("--tempo", "fixed", "--tempo-per", "bar"), "--tempo-per"),
    ],
)
def test_wrong_usage(song: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], named: str):
    monkeypatch.chdir(song.parent)
    result = score(song, *given)
    assert result.exit_code == 2
    assert named in result.stderr
    assert names(song.parent) == ["song.mid"]


def test_corrections_that_no_beats_agree_with(song: Path):
    assert "downbeat" in refused(2, song, "--downbeat-at", "1", "--downbeat-at", "1.12")
    assert names(song.parent) == ["song.mid"]


@pytest.mark.parametrize("name", ["missing.mid", "missing.wav", "missing.json"])
def test_a_song_that_is_not_there(tmp_path: Path, name: str):
    assert name in refused(1, tmp_path / name, "-o", tmp_path / "a.musicxml")
    assert names(tmp_path) == []


def test_a_song_that_is_none(tmp_path: Path):
    (tmp_path / "song.mid").write_bytes(b"MThd no")
    assert "song.mid" in refused(1, tmp_path / "song.mid")
    assert names(tmp_path) == ["song.mid"]


def test_a_folder_that_is_not_there(song: Path):
    assert "none" in refused(1, song, "-o", song.parent / "none" / "a.musicxml")


@pytest.mark.parametrize("name", ["svg", "pdf"])
def test_engraving_needs_an_extra(song: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert "install" in refused(2, song, "--format", name)
    assert names(song.parent) == ["song.mid"]


# In `transcribe`


def test_transcribing_to_sheet_music_and_midi(tmp_path: Path):
    source = clip(tmp_path / "take.wav")
    result = transcribe(source, "--format", "musicxml,mid", "--hands", "--tempo", "fixed=96")
    assert result.exit_code == 0, result.stderr
    assert names(tmp_path) == ["take.mid", "take.musicxml", "take.wav"]
    assert "<work-title>take</work-title>" in (tmp_path / "take.musicxml").read_text()
    tracks = mido.MidiFile(tmp_path / "take.mid").tracks
    assert {"right hand", "left hand"} <= {track.name for track in tracks}
    messages = [message for track in tracks for message in track]
    assert [round(mido.tempo2bpm(m.tempo)) for m in messages if m.type == "set_tempo"] == [96]
    assert not any(message.type == "time_signature" for message in messages)
