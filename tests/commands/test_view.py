"""`pianotrans view`: what is drawn, and what is refused."""

from pathlib import Path

import pytest

from pianotrans import processes
from pianotrans.events import Note, Pedal, Performance
from pianotrans.processes import Death

from .driving import clip, names, only_error, run

PERFORMANCE = Performance(
    (Note(0.5, 1.5, 60, 64, 0.1, 0.25), Note(1, 2, 64, 90)), (Pedal(0.2, 1.9, "sustain"),), 2.0
)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    PERFORMANCE.save(tmp_path / "song.mid")
    return tmp_path / "song.mid"


@pytest.mark.parametrize("name", ["roll.png", "roll.svg", "roll.PDF"])
def test_a_midi_file_becomes_a_picture(song: Path, name: str):
    result = run("view", song, "-o", song.parent / name)
    assert result.exit_code == 0, result.stderr
    assert f"The picture is in {song.parent / name}" in result.stderr
    head = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[name[-3:].lower()]
    assert (song.parent / name).read_bytes().startswith(head)


def test_json_knows_confidence_and_midi_does_not(song: Path):
    PERFORMANCE.save(song.with_suffix(".json"))
    for suffix in (".mid", ".json"):
        assert run("view", song.with_suffix(suffix), "-q", "-o", song.parent / f"{suffix[1:]}.svg").exit_code == 0
    assert (song.parent / "mid.svg").read_bytes() != (song.parent / "json.svg").read_bytes()


def test_a_picture_lies_beside_its_song_and_is_not_replaced_unasked(song: Path):
    assert run("view", song, "-q").exit_code == 0
    assert names(song.parent) == ["song.mid", "song.png"]
    result = run("view", song)
    assert result.exit_code == 1
    assert "song.png: already exists. Pass --overwrite to replace it." in only_error(result)
    assert run("view", song, "-q", "--overwrite").exit_code == 0


@pytest.mark.slow
def test_a_recording_is_transcribed_and_compared(tmp_path: Path, song: Path):
    recording = clip(tmp_path / "take.wav")
    result = run(
        *("view", recording, "--model", "tiny", "--device", "cpu", "--compare", song),
        *("--end", 1.5, "-o", tmp_path / "take.svg"),
    )
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "take.svg").stat().st_size > 10_000
    assert "<image" in (tmp_path / "take.svg").read_text(), "the spectrogram"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["song.mid", "-o", "roll.jpg"], 2, "roll.jpg: not a name in .png, .svg or .pdf."),
        (["song.mid", "--start", "3", "--end", "2"], 2, "--end: 2.0 s. It must be later than the start, 3 s."),
        (["song.mid", "--start", "2.5"], 2, "2.5 s is after the music's end at 2.0 s."),
        (["song.mid", "-o", "nowhere/roll.png"], 1, "the folder nowhere does not exist."),
        (["none.mid"], 1, "none.mid: there is no such file"),
        (["none.json"], 1, "none.json: cannot be read (No such file or directory)."),
        (["none.wav"], 1, "none.wav: no such file."),
        (["list.json"], 1, "list.json: is not a performance."),
        (["text.json"], 1, "text.json: is not JSON."),
        (["other.json"], 1, "other.json: performance: format and version are (None, None)."),
        (["song.mid", "--audio", "none.wav"], 1, "none.wav: no such file."),
        (["song.mid", "--compare", "none.mid"], 1, "none.mid: there is no such file"),
    ],
)
def test_what_cannot_be_drawn_gets_one_line(
    song: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
):
    monkeypatch.chdir(song.parent)
    for name, content in (("list.json", "[]"), ("text.json", "{"), ("other.json", "{}")):
        Path(name).write_text(content)
    before = names(song.parent)
    result = run("view", *arguments)
    assert result.exit_code == code
    assert message in only_error(result)
    assert names(song.parent) == before


def test_what_was_wrong_with_a_midi_file_is_told(song: Path):
    data = bytearray(song.read_bytes())
    data[11] = 200  # tracks, says its header
    song.write_bytes(data)
    lines = run("view", song, "--compare", song, "--overwrite").stderr.splitlines()
    assert [line.startswith("song.mid: ") and "200" in line for line in lines] == [True, True, False]
    assert run("view", song, "--overwrite", "-q").stderr == ""


def spectrum_that_dies(*_: object) -> Death:
    return Death("ended by signal 8")


def test_a_recording_that_kills_the_process_gets_one_line(song: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(processes, "run_apart", spectrum_that_dies)
    audio = clip(song.parent / "take.wav", 0.5)
    result = run("view", song, "--audio", audio)
    assert result.exit_code == 1
    assert only_error(result).startswith(f"error: {audio}: the process that decoded it died (ended by signal 8)")
    assert not song.with_suffix(".png").exists()


@pytest.mark.slow
def test_recordings_are_decoded_in_another_process(song: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    audio = clip(song.parent / "take.wav", 2.0)
    monkeypatch.setattr("pianotrans.audio.open_audio", None)  # in this process
    assert run("view", song, "--audio", audio, "-o", song.parent / "take.svg").exit_code == 0
    assert "<image" in (song.parent / "take.svg").read_text()
