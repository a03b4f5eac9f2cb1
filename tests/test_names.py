"""Names of files at every border: nothing is lost, nothing acts, and every name can be shown."""

import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.names import composed, csv_text, folded, restored, shown, stored
from tests.events.strategies import quick

# Any name that a file can have on any system: text, bytes that are none (U+DC80 to U+DCFF), and on Windows any
# lone surrogate. Backslashes and what follows them in escapes are frequent.
names = st.text(st.one_of(st.sampled_from("\\ud8ce9x =@é\x1b\udce9\ud800"), st.characters()), max_size=12)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("étude.wav", "étude.wav"),
        (":smile:.wav", ":smile:.wav"),
        ("[bold]x[/].wav", "[bold]x[/].wav"),
        ("前奏曲\u3000第一.wav", "前奏曲\u3000第一.wav"),
        ("👩\u200d🎤.wav", "👩\u200d🎤.wav"),
        (os.fsdecode(b"caf\xe9.flac"), r"caf\xe9.flac"),
        ("a\x1b[31mb\x07.wav", r"a\x1b[31mb\x07.wav"),
        ("a\nb\tc\r.wav", r"a\nb\tc\r.wav"),
        ("\x9b31m.wav", r"\x9b31m.wav"),  # CSI in one character
        ("gnp\u202evaw.mid", r"gnp\u202evaw.mid"),  # turns what follows round
        ("a\u2028b", r"a\u2028b"),
        ("\ud800", r"\ud800"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_shown(name, line):
    assert shown(name) == line


@quick
@given(names)
def test_shown_is_one_line_that_can_be_written_anywhere(name):
    line = shown(name)
    assert len(line.splitlines()) <= 1
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in line)
    line.encode("utf-8")


@quick
@given(names)
def test_stored_and_restored(name):
    assert restored(stored(name)) == name
    stored(name).encode("utf-8")


@quick
@given(st.binary(max_size=12).filter(lambda name: b"\0" not in name))
def test_any_bytes_can_be_stored(name):
    assert os.fsencode(restored(stored(os.fsdecode(name)))) == name


@pytest.mark.parametrize("name", ["étude.wav", "a/b c.wav", "C:\\new", "a\\b", "\x1b", ""])
def test_text_is_stored_as_it_is(name):
    assert stored(name) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A.wav", "a.WAV"),
        ("\u00e9tude", "E\u0301TUDE"),
        ("Stra\u00dfe", "STRASSE"),
        ("\u1f80", "\u03b1\u0313\u0345"),
    ],
)
def test_names_that_some_file_system_would_not_keep_apart(one: str, other: str):
    assert folded(one) == folded(other)
    assert folded(one) != folded(f"{other}.")


def test_composed():
    assert composed("e\u0301tude") == "\u00e9tude"
    assert composed(os.fsdecode(b"caf\xe9")) == os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_no_cell_is_a_formula(start):
    text = csv_text(["name", "figure"], [[f"{start}.wav", -1.5], [f"a{start}.wav", "-0.25"]])
    (_, (cell, figure), (other, number)) = csv.reader(io.StringIO(text))
    assert cell == (f"{shown(start)}.wav" if start[0] < " " else f"'{start}.wav")
    assert other == f"a{shown(start)}.wav"
    assert (figure, number) == ("-1.5", "-0.25")


@quick
@given(names)
def test_any_name_is_one_cell(name):
    text = csv_text(["name"], [[name]])
    (_, (cell,)) = csv.reader(io.StringIO(text))
    assert cell.removeprefix("'") == shown(name).removeprefix("'")
    assert len(text.encode("utf-8").splitlines()) == 2
