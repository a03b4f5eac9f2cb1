"""Zip files: their names, their content, and that they are whole."""

import io
import unicodedata
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pianotrans.web.archive import named_files, zipped
from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job, now
from pianotrans.web.uploads import new_id


def jobs_named(*names: str) -> list[Job]:
    return [Job(new_id(), name, 1, now()) for name in names]


def test_names_are_all_different(tmp_path: Path):
    jobs = jobs_named("song.mp3", "song.wav", "Song.MP3", "song (2).mp3", "a/../b.mp3", "..")
    names = [name for name, _ in named_files(jobs, ["mid"], JobFolders(tmp_path))]
    assert names == ["song.mid", "song (2).mid", "Song (3).mid", "song (2) (2).mid", "a_.._b.mid", "recording.mid"]


def test_names_that_some_system_takes_for_the_same(tmp_path: Path):
    jobs = jobs_named(
        "\xe9.mp3", "e\u0301.mp3", "É.mp3", "STRASSE.mp3", "straße.mp3", "a:.mp3", "a?.mp3", "ß" * 250, "ß" * 251
    )
    names = [name.removesuffix(".mid") for name, _ in named_files(jobs, ["mid"], JobFolders(tmp_path))]
    assert names[:7] == ["é", "é (2)", "É (3)", "STRASSE", "straße (2)", "a_", "a_ (2)"]
    assert len({*names}) == len(jobs)
    assert max(len(name.encode()) for name in names) <= 255 - len(".mid")


@given(st.lists(st.text(min_size=1, max_size=8), max_size=8))
def test_whatever_the_names(names: list[str]):
    jobs = jobs_named(*names)
    result = [name for name, _ in named_files(jobs, ["mid", "csv"], JobFolders(Path("/nowhere")))]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in result}) == 2 * len(jobs)
    assert not any(set(name) & {"/", "\\", "\0"} or name.startswith("..mid") for name in result)


def test_a_zip_file_holds_the_files(tmp_path: Path):
    jobs, folders = jobs_named("a.mp3", "b.mp3", "gone.mp3"), JobFolders(tmp_path)
    for job in jobs[:2]:
        folders.of(job.id).make()
        folders.of(job.id).result("mid").write_bytes(f"MIDI of {job.name}".encode())
        folders.of(job.id).result("html").write_bytes(b"page " * 200_000)
    pieces = list(zipped(jobs, ["mid", "html"], folders))
    assert max(map(len, pieces)) < 300_000
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.mid", "a.html", "b.mid", "b.html"]
        assert archive.read("b.mid") == b"MIDI of b.mp3"
        assert archive.read("a.html") == b"page " * 200_000


def test_nothing_to_pack(tmp_path: Path):
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped([], ["mid"], JobFolders(tmp_path))))) as archive:
        assert archive.namelist() == []
