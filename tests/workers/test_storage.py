"""Collections at URLs, in a store that is only memory: found, done once, gone on with, never half-written."""

import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from pianotrans.batch import End, Item, Ledger, Options, Run, write_report
from pianotrans.batch.entry import EntryState
from pianotrans.batch.ledger import ledger_path
from pianotrans.errors import AudioError, FetchError, OutputError, StorageError
from pianotrans.extras import install_command
from pianotrans.workers.messages import Failed, Task
from pianotrans.workers.storage import (
    Address,
    find_recordings,
    is_folder,
    parse_address,
    place_below,
    readable,
    write,
)
from pianotrans.workers.worker import do_task
from tests.batch.making import TINY, ScriptedPool, finished

pytest.importorskip("upath")
OUT = "memory://bucket/out"
NAMES = ("a.wav", "disc 1/[x] 練習 #1.flac", "disc 1/b.wav")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fsspec.AbstractFileSystem]:
    """Holds recordings and what is none; ledgers are kept apart from the user's."""
    monkeypatch.setattr("platformdirs.user_state_path", lambda _: tmp_path / "state")
    fs = fsspec.filesystem("memory")
    for name in (*NAMES, "cover.jpg", ".hidden/c.wav", "disc 1/._b.wav"):
        fs.pipe_file(f"/bucket/in/{name}", f"recording {name}".encode())
    yield fs
    fs.store.clear()
    fs.pseudo_dirs[:] = [""]


def go(pool: ScriptedPool | None = None, **options: int) -> tuple[dict[str, End], ScriptedPool]:
    folder, out, pool = parse_address("memory://bucket/in"), parse_address(OUT), pool or ScriptedPool()
    items = []
    for source in find_recordings(folder):
        place = place_below(folder, source)
        items.append(Item.of(place, source, {"mid": out / place.with_suffix(".mid").as_posix()}))
    with Ledger(out) as ledger:
        outcomes = Run(items, TINY, ledger, Options(**options), make_pool=lambda *_: pool).go()  # type: ignore
        write_report(ledger, outcomes)
    return {outcome.item.name: outcome.end for outcome in outcomes}, pool


def written(fs: fsspec.AbstractFileSystem) -> list[str]:
    return sorted(name.removeprefix("/bucket/out/") for name in fs.find("/bucket/out"))


# Addresses


@pytest.mark.parametrize("text", ["a/b.wav", "/a/b.wav", "C:/a/b.wav", "c:\\a", "a:b", "-", "s3:/b"])
def test_paths(text: str):
    assert parse_address(text) == Path(text)


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_a_file_url_is_a_path(tmp_path: Path, scheme: str):
    address = parse_address(f"{scheme}://{tmp_path}/a b/é #1.wav")
    assert isinstance(address, Path)
    assert address == tmp_path / "a b" / "é #1.wav"


def test_a_url_stays_as_it_is():
    assert str(parse_address("s3://bucket/a b/é #1.wav")) == "s3://bucket/a b/é #1.wav"


def test_a_url_that_nothing_opens():
    with pytest.raises(StorageError, match=r"^foo://b/in: not a URL that can be opened \(Unsupported f"):
        parse_address("foo://b/in")


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(StorageError, match=r"^gs://b/in: cannot be opened here \(Please install gcsfs"):
        parse_address("gs://b/in")


def test_the_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(StorageError, match=r"^s3://b/in: .*'upath'") as refused:
        parse_address("s3://b/in")
    assert install_command("cluster") in str(refused.value)


def test_what_is_found():
    folder = parse_address("memory://bucket/in")
    assert [place_below(folder, source).as_posix() for source in find_recordings(folder)] == list(NAMES)
    assert is_folder(folder)
    assert not is_folder(parse_address("memory://bucket/in/a.wav"))
    assert not is_folder(parse_address("memory://bucket/nothing"))


# Runs


def test_all_is_done_once(store: fsspec.AbstractFileSystem):
    ends, pool = go()
    assert ends == dict.fromkeys(NAMES, End.done)
    assert written(store) == ["a.mid", "disc 1/[x] 練習 #1.mid", "disc 1/b.mid", "report.csv"]
    assert store.cat("/bucket/out/disc 1/b.mid") == b"MIDI of recording disc 1/b.wav"
    assert store.cat("/bucket/out/report.csv").decode().splitlines()[1].startswith("a.wav,a.mid,done,,")
    ends, pool = go()
    assert ends == dict.fromkeys(NAMES, End.done_before)
    assert pool.given == []


def test_what_has_changed_is_done_again(store: fsspec.AbstractFileSystem):
    go()
    store.pipe_file("/bucket/in/a.wav", b"another take")
    store.rm_file("/bucket/out/disc 1/b.mid")
    assert go()[1].given == ["a.wav", "disc 1/b.wav"]
    assert store.cat("/bucket/out/a.mid") == b"MIDI of another take"


def test_interrupted_and_gone_on_with(store: fsspec.AbstractFileSystem):
    answers = iter([finished, lambda _: KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        go(ScriptedPool(lambda task: next(answers)(task)))
    assert written(store) == ["a.mid"]
    assert go()[1].given == list(NAMES[1:])


def test_foreign_files_are_nobodys_to_overwrite(store: fsspec.AbstractFileSystem):
    store.pipe_file("/bucket/out/a.mid", b"mine")
    assert go()[0]["a.wav"] is End.refused
    assert store.cat("/bucket/out/a.mid") == b"mine"
    assert go(overwrite=True)[0] == {"a.wav": End.done} | dict.fromkeys(NAMES[1:], End.done_before)
    assert store.cat("/bucket/out/a.mid") == b"MIDI of recording a.wav"


def test_a_write_that_fails_leaves_nothing(store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch):
    from fsspec.implementations.memory import MemoryFile

    target = parse_address(f"{OUT}/disc/a.mid")

    def half(file: MemoryFile, data: bytes) -> int:
        super(MemoryFile, file).write(data[:3])
        raise OSError("the line is dead")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFile, "write", half)
        with pytest.raises(OutputError, match=r"a\.mid: cannot be reached \(the line is dead\)\. Check"):
            write(target, b"content")
    assert written(store) == []
    write(target, b"content")
    assert written(store) == ["disc/a.mid"]
    with pytest.raises(OutputError, match=r"a\.mid: already exists\. Pass --overwrite"):
        write(target, b"other")
    assert store.cat("/bucket/out/disc/a.mid") == b"content"


def test_a_dead_line_is_not_the_recordings_fault(store: fsspec.AbstractFileSystem):
    def answer(task: Task):
        return (
            Failed(f"{task.source}: gone.", "", 1.0, is_lasting=False) if task.name == "a.wav" else finished(task)
        )

    assert go(ScriptedPool(answer))[0]["a.wav"] is End.failed
    with Ledger(parse_address(OUT)) as ledger:
        assert ledger.entry("a.wav").state is EntryState.waiting
    assert go()[1].given == ["a.wav"]


# Workers


def test_a_copy_is_named_after_its_url():
    with readable(parse_address("memory://bucket/in/a.wav")) as file:
        assert not isinstance(file, Path)
        assert (file.name, file.read()) == ("memory://bucket/in/a.wav", b"recording a.wav")


def test_what_cannot_be_fetched():
    address = parse_address("memory://bucket/in/gone.wav")
    with pytest.raises(
        FetchError, match=r"^memory://bucket/in/gone\.wav: no such file or folder\. Check the URL\.$"
    ):
        readable(address).__enter__()
    failed = do_task(None, TINY, Task("gone.wav", address), lambda _: None)  # type: ignore[arg-type]
    assert isinstance(failed, Failed)
    assert not failed.is_lasting


def test_a_store_that_cannot_be_reached(store: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch):
    def dead(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(type(store), "find", dead)
    with pytest.raises(AudioError, match=r"^memory://bucket/in: cannot be reached \(no route\)\. Check the"):
        find_recordings(parse_address("memory://bucket/in"))


# Ledgers


def test_every_output_folder_has_a_ledger_of_its_own(tmp_path: Path):
    def path(url: str) -> Path:
        address: Address = parse_address(url)
        return ledger_path(address, tmp_path)

    urls = ["memory://b/out", "memory://b/out 2", "memory://b-out", "memory://" + "x" * 300]
    assert len({path(url) for url in urls}) == len(urls)
    assert path("memory://b/out/") == path("memory://b/out")
    assert all(len(path(url).parent.name) < 100 for url in urls)
    assert ledger_path(tmp_path) == tmp_path / ".pianotrans" / "ledger.sqlite"
