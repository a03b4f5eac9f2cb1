"""Performances read from files, by their suffixes."""

import pytest

from pianotrans.errors import MidiError
from pianotrans.events import Note, Pedal, Performance, load_json, load_midi, load_performance

PERFORMANCE = Performance((Note(0.5, 1.5, 60, 64, 0.1, 0.25),), (Pedal(0.2, 1.9, "sustain", 0.5, 0.75),), 2.0)


@pytest.mark.parametrize("name", ["a.mid", "a.midi", "a.json"])
def test_the_suffix_names_the_format(tmp_path, name):
    PERFORMANCE.save(tmp_path / name)
    file = (tmp_path / name).rename(tmp_path / name.upper())
    assert load_performance(file) == (PERFORMANCE if name == "a.json" else load_midi(file))


def test_what_is_no_json_is_read_as_midi(tmp_path):
    (tmp_path / "a.txt").write_text("{}")
    with pytest.raises(MidiError, match=r"^a\.txt: does not begin as MIDI"):
        load_performance(tmp_path / "a.txt")


def test_a_file_of_json_is_read_back(tmp_path):
    PERFORMANCE.save(tmp_path / "a.json")
    assert load_json(tmp_path / "a.json") == PERFORMANCE


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"^a.json: is not JSON. Pass what `transcribe --format json` wrote."),
        ("[]", r"^a.json: is not a performance. Pass what"),
        ("{}", r"^a.json: performance: format and version are"),
        (None, r"^a.json: cannot be read \(No such file or directory\). Check the path."),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    with pytest.raises(MidiError, match=message):
        load_json(tmp_path / "a.json")
