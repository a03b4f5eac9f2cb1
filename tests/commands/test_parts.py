"""`--start`, `--end`, `--from-zero`, `--track` and `--tuning`: what they take, and what comes of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

from pianotrans.commands.options import parse_time

from .driving import clip, names, only_error, run, transcribe, write


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("62.5", 62.5),
        ("90", 90.0),
        ("1:02.5", 62.5),
        ("0:07", 7.0),
        ("90:00", 5400.0),
        ("1:00:00", 3600.0),
        ("100:02:03.25", 360123.25),
        (" 5. ", 5.0),
        (12.5, 12.5),
    ],
)
def test_times(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "1:60", "1:60:00", "1:-2", "1:2:3:4", "1m", "inf", "nan", "1e3", ":30", "1:", "٣", "1,5"]
)
def test_what_is_no_time(text):
    with pytest.raises(typer.BadParameter, match=r"is not a time"):
        parse_time(text)


def test_a_part_has_the_times_of_the_recording_unless_asked_otherwise(tmp_path: Path):
    clip(tmp_path / "part.wav", 5.0)
    part, rate = soundfile.read(tmp_path / "part.wav")
    song = write(tmp_path / "song.wav", np.concatenate([np.full(2 * rate, 0.1), part, np.full(rate, 0.1)]), rate)
    found = []
    for arguments in (["part.wav"], ["song.wav", "--start", "0:02", "--end", 7, "--from-zero"]):
        result = transcribe(tmp_path / arguments[0], *arguments[1:], "--format", "json,html")
        assert result.exit_code == 0, result.stderr
        found.append(json.loads((tmp_path / arguments[0]).with_suffix(".json").read_text()))
    assert found[0]["notes"]
    assert found[0] == found[1]
    assert transcribe(song, "--start", "0:02", "--end", "0:07.0", "--format", "json", "--overwrite").exit_code == 0
    of_recording = json.loads(song.with_suffix(".json").read_text())
    assert of_recording["duration_s"] == 7.0
    later = [note["onset_s"] + 2.0 for note in found[0]["notes"]]
    assert [note["onset_s"] for note in of_recording["notes"]] == pytest.approx(later, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--start", 3, "--end", 2), "--end: 2.0 s. It must be later than the start, 3 s."),
        (("--tuning", "440 Hz"), "--tuning: '440 Hz' given"),
    ],
)
def test_refusals(tmp_path: Path, arguments, message):
    result = transcribe(clip(tmp_path / "song.wav"), *arguments)
    assert result.exit_code == 2
    assert message in only_error(result)
    assert names(tmp_path) == ["song.wav"]


@pytest.mark.parametrize("arguments", [("--start", "soon"), ("--end", "-1"), ("--track", 0)])
def test_what_is_no_number(tmp_path: Path, arguments):
    result = transcribe(clip(tmp_path / "song.wav"), *arguments)
    assert result.exit_code == 2
    assert arguments[0] in result.stderr
    assert names(tmp_path) == ["song.wav"]


@pytest.mark.slow
def test_a_part_is_scored_by_its_reference(tmp_path: Path):
    from pianotrans.events import load_midi
    from tests.synthesis import random_performance

    from .driving import SEED

    clip(tmp_path / "data/a.wav", 6.0)
    random_performance(SEED, 6.0).save(tmp_path / "data/a.mid")
    result = run(
        *("evaluate", "dataset", tmp_path / "data", "--model", "tiny", "--device", "cpu", "--json"),
        *("--start", "0:02", "--end", 4.5, "-o", tmp_path / "out"),
    )
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    truth = load_midi(tmp_path / "data/a.mid")
    assert data["pieces"][0]["n_reference"] == sum(2.0 <= note.onset_s < 4.5 for note in truth.notes)
    assert (data["settings"]["start_s"], data["settings"]["limit_s"]) == (2.0, 2.5)
    heard = load_midi(tmp_path / "out/transcriptions/a.mid")
    assert heard.duration_s == pytest.approx(4.5, abs=1e-3)
    assert all(note.onset_s >= 2.0 for note in heard.notes)
