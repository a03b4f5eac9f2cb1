"""`pianotrans apply`: what it writes, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import pytest

from pianotrans.events import Note, Pedal, load_json, load_midi
from pianotrans.events.receivers import RECEIVERS
from tests.edits.documents import about, document
from tests.score.playing import compose, play

from .driving import clip, names, only_error, run

SONG = play(compose("3/4", 8), 60 / 96)
EDITED = document(
    SONG,
    notes={
        "changed": [{**about(SONG.notes[0]), "velocity": 127, "hand": "left"}],
        "deleted": [about(SONG.notes[2])],
        "added": [{"id": "+1", "onset_s": 1, "offset_s": 2, "key": 100, "velocity": 9}],
    },
    beats=[{"onset_s": 0.5 + 60 / 96 * i, "downbeat": i % 3 == 0} for i in range(24)],
    score={"key": "G major", "title": "Waltz"},
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    SONG.save(tmp_path / "song.json")
    (tmp_path / "edits.json").write_text(json.dumps(EDITED))
    return tmp_path


def apply(desk: Path, *arguments: object, song: str = "song.json") -> Any:
    result = run("apply", desk / "edits.json", desk / song, *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.stdout == ""
    return result


def test_midi_beside_the_song(desk: Path):
    result = apply(desk)
    assert result.exit_code == 0, result.stderr
    assert "3 of 3 " in result.stderr
    keys = [note.key for note in load_midi(desk / "song.mid").notes]
    assert (len(keys), 100 in keys) == (SONG.n_notes, True)


def test_every_format_with_what_is_said_of_the_score(desk: Path):
    (desk / "out").mkdir()
    result = apply(desk, "--format", "json,musicxml,csv", "-o", desk / "out")
    assert result.exit_code == 0, result.stderr
    assert names(desk / "out") == ["song.csv", "song.json", "song.musicxml"]
    assert load_json(desk / "out/song.json").notes[0].velocity == 127
    score = json.loads((desk / "out/song.json").read_text())["score"]
    assert {measure["time_signature"] for measure in score["measures"]} == {"3/4"}
    assert score["notes"][0]["staff"] == 2
    sheet = (desk / "out/song.musicxml").read_text()
    assert "<work-title>Waltz</work-title>" in sheet
    assert "<fifths>1</fifths>" in sheet


def test_midi_for_a_receiver(desk: Path):
    repeated = replace(SONG, notes=(*SONG.notes, Note(3, 3.5, 21, 64), Note(3.5, 63, 21, 64)), made_by="a test")
    repeated.save(desk / "song.json")
    assert apply(desk, "--for", "player-piano", "--max-duration", "20").exit_code == 0
    midi = mido.MidiFile(desk / "song.mid")
    (track,) = midi.tracks
    assert midi.type == 0
    assert {message.channel for message in track if not message.is_meta} == {0}
    settings = "--repeat-gap 0.05 --max-duration 20 --pedal-lift 0.1 --for player-piano --midi-format 0"
    assert [message.text for message in track if message.type == "text"] == [f"a test {settings}"]
    first, second = (note for note in load_midi(desk / "song.mid").notes if note.key == 21)
    assert second.onset_s - first.offset_s == pytest.approx(0.05, abs=0.002)
    assert second.offset_s - second.onset_s == pytest.approx(20, abs=0.002)


def test_both_durations_in_one_go(desk: Path):
    held = replace(SONG, pedals=(Pedal(0, SONG.end_s, "sustain"),))
    held.save(desk / "song.json")
    assert apply(desk, "-o", desk / "out.mid", "--durations", "both").exit_code == 0
    keys, sounding = load_midi(desk / "out.mid"), load_midi(desk / "out.sounding.mid")
    assert (len(keys.pedals), len(sounding.pedals)) == (1, 0)
    assert keys.n_notes == sounding.n_notes
    assert sum(n.offset_s for n in sounding.notes) > sum(n.offset_s for n in keys.notes) + 1


def test_receivers_are_listed_without_any_file():
    result = run("apply", "--for", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    for name in RECEIVERS:
        assert name in result.stdout
    assert "--pedal-lift 0.05" in result.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--for", "gramophone"), ("--for", "gramophone", "pianoteq")),
        (("--for", "player-piano", "--hands"), ("--for", "--hands")),
        (("--for", "synthesia", "--midi-format", "0"), ("--for", "--midi-format")),
        (("--midi-format", "2"), ("--midi-format", "2")),
        (("--pedal-lift", "-1"), ("--pedal-lift", "-1")),
        (("--durations", "both", "--format", "json"), ("--durations", "mid")),
    ],
)
def test_receivers_that_contradict_options_are_refused(
    desk: Path, options: tuple[str, ...], named: tuple[str, ...]
):
    result = apply(desk, *options)
    assert result.exit_code == 2
    line = only_error(result)
    assert all(word in line for word in named), line
    assert names(desk) == ["edits.json", "song.json"]


def test_conflicts_are_listed_and_all_else_is_done(desk: Path):
    SONG.save(desk / "other.mid")
    data = json.loads(json.dumps(EDITED))
    gone = {"id": "99@77.000", "was": {"onset_s": 77, "offset_s": 78, "key": 99, "velocity": 1}}
    data["notes"]["deleted"].append(gone)
    (desk / "edits.json").write_text(json.dumps(data))
    result = apply(desk, "-o", desk / "out.mid", song="other.mid")
    assert result.exit_code == 0
    warnings = [line for line in result.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "77.000" in warnings[0]
    assert "3 of 4 " in result.stderr


@pytest.mark.slow
def test_a_page_contains_the_recording(desk: Path):
    clip(desk / "song.wav")
    assert apply(desk, "--audio", desk / "song.wav", "-o", desk / "page.html").exit_code == 0
    assert b"audio/mpeg" in (desk / "page.html").read_bytes()


@pytest.mark.parametrize(
    ("given", "exit_code", "named"),
    [
        (("-o", "song.xyz"), 2, "song.xyz"),
        (("-o", "page.html"), 2, "--audio"),
        (("-o", "song.json"), 2, "song.json"),
        (("-o", "none/song.mid"), 1, "none"),
        (("-o", "edits.json"), 1, "--overwrite"),
        (("--tempo", "fixed", "--tempo-per", "bar"), 2, "--tempo-per"),
    ],
)
def test_what_cannot_be_written(
    desk: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], exit_code: int, named: str
):
    monkeypatch.chdir(desk)
    result = apply(desk, *given)
    assert result.exit_code == exit_code
    assert named in result.stderr
    assert names(desk) == ["edits.json", "song.json"]


@pytest.mark.parametrize("content", ['{"format": "pianotrans edits", "version": 7}', "no", "{}"])
def test_edits_that_are_none(desk: Path, content: str):
    (desk / "edits.json").write_text(content)
    result = apply(desk)
    assert result.exit_code == 1
    assert "edits.json" in only_error(result)
    assert names(desk) == ["edits.json", "song.json"]
