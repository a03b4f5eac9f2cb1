"""Names that users give, on their way into answers and out as files."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.web.job import download_name, file_name, now
from pianotrans.workers.formats import FORMATS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("song.mp3", "song.mid"),
        ("take 1.2.wav", "take 1.2.mid"),
        ("song", "song.mid"),
        ("Prélude №1.flac", "Prélude №1.mid"),
        ('take"><script>.mp3', 'take"><script>.mid'),
        (".wav", ".wav.mid"),
        ("..", "recording.mid"),
        (".", "recording.mid"),
        ("   ", "recording.mid"),
        ("a/b.mp3", "a_b.mid"),
        ("a\\b.mp3", "a_b.mid"),
        ("a\r\nSet-Cookie: x=1.mp3", "a__Set-Cookie: x=1.mid"),
        ("\x00.mp3", "_.mid"),
        ("\u202egpj.mp3", "_gpj.mid"),
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
    assert not {"/", "\\"} & set(result)


@given(st.from_regex(r"[\w \-.()',#&]*\w\.(mp3|wav)", fullmatch=True))
def test_ordinary_names_come_out_as_on_the_command_line(name: str):
    if name.isprintable():
        assert download_name(name, "csv") == PurePosixPath(name).with_suffix(".csv").name


def test_folders_before_a_name_are_dropped():
    assert [file_name(name) for name in ("a/b/c.mp3", "c.mp3", "../../etc/passwd", "a/")] == [
        *("c.mp3", "c.mp3", "passwd", ""),
    ]


def test_times_are_utc():
    assert now().endswith("Z")
    assert len(now()) == len("2026-01-31T18:03:12.345Z")
