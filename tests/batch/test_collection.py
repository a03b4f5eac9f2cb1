"""A whole folder from Python: the same as on the command line."""

from pathlib import Path

import pytest

from pianotrans.batch import Destination, End, Item, RunWatcher, transcribe_folder
from pianotrans.errors import AudioError, UsageError
from tests.batch.making import pool_here
from tests.commands.driving import clip, names, transcribe

SETTINGS = {"model": "tiny", "device": "cpu", "precision": "float32", "make_pool": pool_here}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    clip(tmp_path / "album" / "a.wav", 0.5)
    clip(tmp_path / "album" / "disc 1" / "b.flac", 0.5)
    (tmp_path / "album" / "disc 1" / "bad.wav").write_text("no sound")
    return tmp_path / "album"


def test_a_folder(album: Path, tmp_path: Path):
    out = tmp_path / "new" / "out"
    result = transcribe_folder(album, out, formats=("mid", "json"), **SETTINGS)
    assert names(out) == [
        *(".pianotrans/ledger.sqlite", "a.json", "a.mid", "disc 1/b.json", "disc 1/b.mid", "report.csv")
    ]
    assert {outcome.item.name: outcome.end for outcome in result.outcomes} == {
        "a.wav": End.done,
        "disc 1/b.flac": End.done,
        "disc 1/bad.wav": End.failed,
    }
    assert (result.n_failed, result.report) == (1, out / "report.csv")
    (tmp_path / "by command").mkdir()
    transcribe(album / "a.wav", album / "disc 1" / "b.flac", "-o", tmp_path / "by command", "--format", "mid,json")
    for place in ("a.mid", "a.json"):
        assert (out / place).read_bytes() == (tmp_path / "by command" / place).read_bytes()
    again = transcribe_folder(str(album), str(out), formats=("mid", "json"), **SETTINGS)
    assert [outcome.end for outcome in again.outcomes] == [End.done_before, End.done_before, End.failed_before]


def test_progress_is_told(album: Path, tmp_path: Path):
    ended = []

    class Noting(RunWatcher):
        def ended(self, outcome):
            ended.append(outcome.item.name)

    transcribe_folder(album, tmp_path / "out", watcher=Noting(), **SETTINGS)
    assert sorted(ended) == ["a.wav", "disc 1/b.flac", "disc 1/bad.wav"]


def test_refusals(tmp_path: Path):
    with pytest.raises(UsageError, match="format"):
        transcribe_folder(tmp_path, tmp_path / "out", formats=("midi",))
    with pytest.raises(AudioError, match="nowhere"):
        transcribe_folder(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(UsageError, match="ledger"):
        Destination(tmp_path, tmp_path / "ledger")
    assert names(tmp_path) == []


def test_the_folder_of_an_item():
    item = Item.of(Path("disc 1/b.flac"), Path("/album/disc 1/b.flac"), {})
    assert item.folder == Path("/album")
