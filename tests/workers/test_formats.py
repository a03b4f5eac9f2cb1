"""The table of output formats: what it says is true of the files that are written."""

import json
from pathlib import Path

import mido
import pytest

from pianotrans import Note, OutputError, Pedal, Performance
from pianotrans.errors import UsageError
from pianotrans.events.formats import EVENT_FORMATS, encode
from pianotrans.workers.formats import (
    DEFAULT_FORMAT,
    FORMATS,
    SOUNDING,
    Heard,
    format_of,
    parse_formats,
    suffix_of,
)
from tests.commands.driving import clip

SAVED = tuple(row.name for row in EVENT_FORMATS)

SONG = Performance((Note(0.1, 0.5, 60, 64, 0.9, 0.95),), (Pedal(0.1, 0.4, "sustain", 0.8, 0.9),), 1.0)


def test_names_and_suffixes_are_unique():
    suffixes = [suffix for row in FORMATS.values() for suffix in row.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
    assert [row.name for row in FORMATS.values()] == list(FORMATS)
    assert DEFAULT_FORMAT in FORMATS


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_row_is_true(name: str, tmp_path: Path):
    row = FORMATS[name]
    content = row.encode(Heard(SONG, clip(tmp_path / "a.wav", 1.0)))
    assert content == row.encode(Heard(SONG, tmp_path / "a.wav")), "the same again"
    bare = Performance(tuple(Note(n.onset_s, n.offset_s, n.key, n.velocity) for n in SONG.notes), (), 1.0)
    sure = Performance((Note(0.1, 0.5, 60, 64, 0.5, 0.5),), (), 1.0)
    source = tmp_path / "a.wav"
    differs = row.encode(Heard(bare, source)) != row.encode(Heard(sure, source))
    assert differs == row.shows_confidence
    for suffix in row.suffixes:
        assert format_of(suffix) == format_of(suffix.upper()) == name


@pytest.mark.parametrize("name", SAVED)
def test_saving_a_performance_knows_the_formats_that_need_no_recording_and_no_score(name: str):
    heard = Heard(SONG, Path("no such file.wav"), scoring=None)
    for suffix in FORMATS[name].suffixes:
        assert encode(SONG, f"song{suffix}") == FORMATS[name].encode(heard)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in (*SAVED, SOUNDING)])
def test_saving_a_performance_refuses_the_others(name: str, tmp_path: Path):
    with pytest.raises(OutputError, match=rf"\.{name}"):
        SONG.save(tmp_path / f"song.{name}")


@pytest.mark.parametrize("name", ["musicxml", "svg", "pdf"])
def test_a_sheet_needs_a_score(name: str):
    with pytest.raises(UsageError) as refused:
        FORMATS[name].encode(Heard(SONG, Path("no such file.wav"), scoring=None))
    assert refused.value.settings == ("format",)


def test_json_tells_the_score_beside_the_performance():
    told = json.loads(FORMATS["json"].encode(Heard(SONG, Path("no such file.wav"))))
    score = told.pop("score")
    assert [note["note"] for note in score["notes"]] == [0]
    bare = json.loads(FORMATS["json"].encode(Heard(SONG, Path("no such file.wav"), scoring=None)))
    assert {**told, "remarks": []} == {**bare, "remarks": []}


def test_what_is_written_is_what_its_media_type_says(tmp_path: Path):
    contents = {name: row.encode(Heard(SONG, clip(tmp_path / "a.wav", 1.0))) for name, row in FORMATS.items()}
    (tmp_path / "song.mid").write_bytes(contents["mid"])
    assert any(message.type == "note_on" for message in mido.MidiFile(tmp_path / "song.mid"))
    assert json.loads(contents["json"])["notes"]
    assert contents["csv"].startswith(b"type,")
    assert contents["html"].lower().startswith(b"<!doctype html>")
    assert b"<score-partwise" in contents["musicxml"]
    assert b"<svg" in contents["svg"]
    assert contents["pdf"].startswith(b"%PDF")


@pytest.mark.parametrize(
    ("given", "names"),
    [([], ()), (["mid"], ("mid",)), (["json,.MID", "mid"], ("json", "mid")), ([" csv , html"], ("csv", "html"))],
)
def test_formats_as_they_are_asked_for(given: list[str], names: tuple[str, ...]):
    assert parse_formats(given) == names


@pytest.mark.parametrize("given", [["midi"], [""], ["mid,"], ["mid;json"]])
def test_unknown_formats(given: list[str]):
    with pytest.raises(UsageError) as refused:
        parse_formats(given)
    assert refused.value.settings == ("format",)
    assert all(name in refused.value.reason for name in FORMATS)


def test_no_format_for_other_suffixes():
    assert [format_of(suffix) for suffix in ("", ".xyz", ".wav")] == [None] * 3
    assert [suffix_of(name) for name in FORMATS] == [row.suffixes[0] for row in FORMATS.values()]
