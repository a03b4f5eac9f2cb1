"""`--start`, `--end`, `--from-zero`, `--track` and `--tuning`: what they take, and what comes of it."""

from pathlib import Path

import pytest
import typer

from pianotrans.commands.options import parse_time

from .driving import clip, names, only_error, transcribe


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
