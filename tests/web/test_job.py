"""Names that users give, on their way into answers and out as files."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.web.job import now
from pianotrans.web.names import download_name, file_name
from pianotrans.workers.formats import FORMATS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("song.mp3", "song.mid"),
        ("take 1.2.wav", "take 1.2.mid"),
        ("song", "song.mid"),
        ("Prélude №1.flac", "Prélude №1.mid"),
        ('take"><script>.mp3', "take___script_.mid"),
        (".wav", ".wav.mid"),
        ("..", "recording.mid"),
        (".", "recording.mid"),
        ("   ", "recording.mid"),
        ("a/b.mp3", "a_b.mid"),
        ("a\\b.mp3", "a_b.mid"),
        ("a\r\nSet-Cookie: x=1.mp3", "a__Set-Cookie_ x=1.mid"),
        ("\x00.mp3", "_.mid"),
        ("\u202egpj.mp3", "_gpj.mid"),
        ("C:evil.mp3", "C_evil.mid"),
        ("NUL.mp3", "_NUL.mid"),
        ("con", "_con.mid"),
        ("Aux.tar.wav", "_Aux.tar.mid"),
        ("com1 .mp3", "_com1.mid"),
        ("lpt².flac", "_lpt².mid"),
        ("console.mp3", "console.mid"),
        ("*?|.mp3", "___.mid"),
        ("take 1. .mp3", "take 1.mid"),
        ("Pre\u0301lude.mp3", "Pr\xe9lude.mid"),
        ("é" * 255, "é" * 117 + ".mid"),
    ],
)
def test_results_are_called_after_the_recording(name: str, expected: str):
    assert download_name(name, "mid") == expected


@given(st.text(min_size=1, max_size=255), st.sampled_from(list(FORMATS)))
def test_every_name_gives_one_file_name(name: str, format_: str):
    result = download_name(name, format_)
    assert PurePosixPath(result).name == result
    assert result.isprintable()
    assert result.endswith(f".{format_}")
    assert not set('/\\:*?"<>|') & set(result)
    assert len(result.encode()) <= 255
    stem = result.removesuffix(f".{format_}")
    assert stem == stem.rstrip(". ")
    assert not PureWindowsPath(result).is_reserved()


@given(st.from_regex(r"[\w \-.()',#&]*\w\.(mp3|wav)", fullmatch=True))
def test_ordinary_names_come_out_as_on_the_command_line(name: str):
    if name.isprintable() and not PureWindowsPath(name).is_reserved():
        expected = unicodedata.normalize("NFC", PurePosixPath(name).with_suffix(".csv").name)
        assert download_name(name, "csv") == expected


def test_folders_before_a_name_are_dropped():
    assert [file_name(name) for name in ("a/b/c.mp3", "c.mp3", "../../etc/passwd", "a/")] == [
        *("c.mp3", "c.mp3", "passwd", ""),
    ]


def test_times_are_utc():
    assert now().endswith("Z")
    assert len(now()) == len("2026-01-31T18:03:12.345Z")
