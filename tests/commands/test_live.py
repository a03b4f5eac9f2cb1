"""`pianotrans live` on recordings that play as if they came from a microphone."""

import re
import signal
import subprocess

import pytest

from pianotrans.commands.live.roll import TerminalRoll, visible_keys
from pianotrans.events import Note, load_midi, load_performance
from pianotrans.live.decisions import Begun, Ended
from pianotrans.live.session import Moment
from tests.live.made import write_song

from .driving import ENVIRONMENT, clip, command_line, names, only_error, run


def live(*arguments):
    result = run("live", "--model", "tiny", "--device", "cpu", "--precision", "float32", *arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    return write_song(tmp_path_factory.mktemp("live") / "song.wav")


def test_a_recording_is_heard_shown_and_written(song, tmp_path):
    result = live("--input", song, "--pace", "max", "-o", tmp_path / "take.json")
    assert result.exit_code == 0, result.stderr
    take = load_performance(tmp_path / "take.json")
    shown = [(float(a), b) for a, b in re.findall(r"([\d.]+) s  ([A-G]#?\d) +velocity", result.stdout)]
    assert shown
    assert sorted(shown) == sorted((round(note.onset_s, 3), note.name) for note in take.notes)
    assert result.stdout.count("pedal down") == result.stdout.count("pedal up") == len(take.pedals)
    again = live("--input", song, "--pace", "max", "-o", tmp_path / "take.mid", "-q")
    assert (again.stdout, again.stderr) == ("", "")
    assert len(load_midi(tmp_path / "take.mid").notes) == take.n_notes


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--pace", "fast"), 2, "--pace"),
        (("--pace", "0"), 2, "--pace"),
        (("--hop", "9"), 2, "--hop"),
        (("--window", "0.2"), 2, "--window"),
        (("-o", "take.wav"), 2, "--output"),
        (("-o", "missing/take.mid"), 1, "missing"),
        (("-o", "there.mid"), 1, "--overwrite"),
        (("--input", "nowhere.wav"), 1, "nowhere.wav"),
        (("--input", "bad.wav"), 1, "bad.wav"),
    ],
)
def test_what_cannot_be_is_refused_at_once(song, tmp_path, monkeypatch, arguments, code, word):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.mid").touch()
    (tmp_path / "bad.wav").write_bytes(b"RIFF")
    before = names(tmp_path)
    result = live(*(() if "--input" in arguments else ("--input", song)), *arguments)
    assert result.exit_code == code
    assert word in only_error(result)
    assert names(tmp_path) == before


def test_only_recordings_have_a_pace(monkeypatch):
    result = live("--input", "3", "--pace", "2")
    assert result.exit_code == 2
    assert "--pace" in only_error(result)


@pytest.mark.slow
def test_an_interruption_ends_and_writes(tmp_path):
    song = clip(tmp_path / "song.wav", 60.0)
    arguments = ("live", "--model", "tiny", "--input", song, "--hop", "1", "-o", tmp_path / "take.mid")
    with subprocess.Popen(command_line(*arguments), stdout=subprocess.PIPE, env=ENVIRONMENT, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    take = load_midi(tmp_path / "take.mid")
    assert 0 < take.duration_s < 59
    assert len(take.notes) == (first + rest).count("velocity")
    assert names(tmp_path) == ["song.wav", "take.mid"]


# The roll


def drawn(roll: TerminalRoll, width: int, height: int = 20) -> list[str]:
    return [line.plain for line in roll.lines(width, height)]


def test_the_roll_shows_each_note_in_its_column_and_its_tenths():
    roll = TerminalRoll()
    roll.add(Moment(2.0, (Begun(21, 0.55, 100, 1.0), Begun(108, 1.85, 50, 1.0), Begun(-64, 1.0, 127, 1.0))))
    roll.add(Moment(2.05, (Ended(21, Note(0.55, 0.95, 21, 100)),)))
    lines = drawn(roll, 88, 23)
    assert len(lines) == 22
    assert {len(line) for line in lines} == {88}
    low, high = ("".join(line[column] for line in lines[:20]) for column in (0, 87))
    assert low == "    █┃┃┃┃           "[-20:].rjust(20)
    assert high.replace("·", " ") == " " * 17 + "█┃┃"
    assert "2 notes" in lines[-1]
    assert "sustain" in lines[-1]


def test_a_narrow_terminal_shows_the_middle():
    keys = visible_keys(70)
    assert len(keys) == 70
    assert {40, 60, 84} <= {*keys}
    roll = TerminalRoll()
    roll.add(Moment(0.5, (Begun(21, 0.1, 100, 1.0),)))
    assert {len(line) for line in drawn(roll, 70)} == {70}


def test_the_roll_forgets_what_has_scrolled_off():
    roll = TerminalRoll()
    for i in range(2000):
        note = Note(i / 10, i / 10 + 0.05, 60, 64)
        roll.add(Moment(i / 10 + 0.1, (Begun(60, note.onset_s, 64, 1.0), Ended(60, note))))
    assert len(roll._spans) < 50
