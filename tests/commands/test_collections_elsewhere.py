"""`pianotrans transcribe URL -o URL`: what is said, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from .driving import clip, names, only_error, transcribe

pytest.importorskip("upath")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """A store in memory with two recordings and one that is none; `tmp_path` is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda _: tmp_path / "state")
    content = clip(tmp_path / "a.wav", 0.5).read_bytes()
    (tmp_path / "a.wav").unlink()
    fs = fsspec.filesystem("memory")
    for name in ("a.wav", "disc 1/é.wav"):
        fs.pipe_file(f"/album/{name}", content)
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


def said(result) -> list[str]:
    return result.stderr.splitlines()


def test_from_a_url_to_a_url(store: fsspec.AbstractFileSystem, tmp_path: Path):
    store.pipe_file("/album/bad.wav", b"text")
    result = transcribe("memory://album", "-o", "memory://out", "--format", "mid,json")
    assert result.exit_code == 1
    assert only_error(result).startswith("error: memory://album/bad.wav: not an audio format")
    assert said(result)[0].startswith(f"The ledger is kept in {tmp_path / 'state' / 'ledgers' / 'memory-out-'}")
    assert said(result)[-1] == "Report: memory://out/report.csv"
    outputs = ["a.json", "a.mid", "disc 1/é.json", "disc 1/é.mid", "report.csv"]
    assert sorted(store.find("/out")) == [f"/out/{name}" for name in outputs]
    result = transcribe("memory://album", "-o", "memory://out", "--format", "mid,json")
    assert "2 of 3 done before." in said(result)
    assert "1 of 3 failed before." in said(result)


def test_from_a_url_to_a_folder_and_back(store: fsspec.AbstractFileSystem, tmp_path: Path):
    Path("out").mkdir()
    assert transcribe("memory://album/disc 1", "memory://album/a.wav", "-o", "out").exit_code == 0
    assert names(Path("out")) == [".pianotrans/ledger.sqlite", "a.mid", "report.csv", "é.mid"]
    here = clip(tmp_path / "song.wav", 0.5)
    assert transcribe(here, "-o", "memory://out", "--ledger", "kept").exit_code == 0
    assert store.cat("/out/song.mid").startswith(b"MThd")
    assert [path.name for path in Path("kept").glob("memory-out-*/*")] == ["ledger.sqlite"]


def test_a_report_of_a_recording_that_was_fetched(store: fsspec.AbstractFileSystem):
    assert transcribe("memory://album/disc 1", "-o", "memory://out", "--format", "html").exit_code == 0
    page = store.cat("/out/é.html").decode()
    assert "<h1>é.wav</h1>" in page
    assert '"media_type":"audio/mpeg"' in page


def test_the_same_as_from_here(store: fsspec.AbstractFileSystem, tmp_path: Path):
    clip(tmp_path / "in" / "a.wav", 0.5)
    Path("out").mkdir()
    transcribe("in", "-o", f"file://{tmp_path}/out")
    transcribe("memory://album", "-o", "memory://out")
    assert store.cat("/out/a.mid") == Path("out/a.mid").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("memory://album",), 2, "--output: recordings at a URL need a folder to be written to."),
        (("memory://album/a.wav", "-o", "-"), 2, "--output: recordings at a URL need a folder to be written to."),
        (("memory://album/a.wav", "-o", "a.mid"), 2, "--output: a.mid: no such folder. Create it first."),
        (("memory://album", "-o", "memory://a.mid"), 2, "memory://a.mid: with URLs the output must be a folder"),
        (("memory://album", "-o", "foo://out"), 2, "foo://out: no URL that can be opened"),
        (("foo://album", "-o", "out"), 2, "foo://album: no URL that can be opened"),
        (("memory://nowhere", "-o", "out"), 1, "memory://nowhere: is not there. Check the URL."),
        (
            ("memory://album", "-o", "out", "--ledger", "x"),
            2,
            "--ledger: only for outputs at a URL",
        ),
        (("a.wav", "--ledger", "x"), 2, "--ledger: only for folders of recordings with -o FOLDER."),
    ],
)
def test_refusals(store: fsspec.AbstractFileSystem, arguments: tuple[str, ...], code: int, message: str):
    Path("out").mkdir()
    result = transcribe(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in only_error(result)
    assert not Path("x").exists()


def test_a_folder_without_recordings(store: fsspec.AbstractFileSystem):
    store.pipe_file("/covers/a.jpg", b"")
    result = transcribe("memory://covers", "-o", "memory://out")
    assert result.exit_code == 1
    assert only_error(result).startswith("error: memory://covers: no recordings in this folder. Name one that")
