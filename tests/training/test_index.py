"""The index: what was written comes back, and what is no index is told in one line."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from pianotrans.errors import DatasetError, OutputError
from pianotrans.events import Durations, Performance
from pianotrans.training.data.event_arrays import EventArrays
from pianotrans.training.data.index import CACHE_FOLDER, FILE_NAME, Index, Recording, read_index, write_index

from .recordings import tones


@pytest.fixture
def index(tmp_path: Path) -> Index:
    root = tmp_path / "root"
    plain = tones(root / "2004" / "plain.wav", seed=1)
    remarked = replace(tones(root / "odd.wav", seed=2), split="test", group="2005", remarks=("odd", "very"))
    silent = replace(tones(root / "none.wav"), events=EventArrays.of(Performance()))
    copied = replace(tones(tmp_path / "out" / CACHE_FOLDER / "copied.flac"), is_cached=True, source="[1, 2]")
    return Index(root, "maestro", Durations.sounding, (plain, remarked, silent, copied))


def assert_same(one: Recording, other: Recording) -> None:
    for f in fields(Recording):
        if f.name != "events":
            assert getattr(one, f.name) == getattr(other, f.name)
    assert one.events.performance() == other.events.performance()


def test_what_was_written_comes_back(tmp_path: Path, index: Index):
    write_index(tmp_path / "out" / FILE_NAME, index)
    for path in (tmp_path / "out", tmp_path / "out" / FILE_NAME):
        again = read_index(path)
        assert (again.root, again.layout, again.durations) == (index.root, "maestro", Durations.sounding)
        for one, other in zip(again.recordings, index.recordings, strict=True):
            assert_same(one, other)


def test_anybody_can_read_it(tmp_path: Path, index: Index):
    write_index(tmp_path / "out" / FILE_NAME, index)
    with safe_open(tmp_path / "out" / FILE_NAME, framework="numpy") as content:
        assert set(content.keys()) == {"onset_s", "offset_s", "number", "velocity"}
        assert "copied.flac" in content.metadata()["recordings"]


def test_the_copies_move_with_the_index(tmp_path: Path, index: Index):
    write_index(tmp_path / "out" / FILE_NAME, index)
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    copied = read_index(tmp_path / "elsewhere").recordings[-1]
    assert copied.audio == tmp_path / "elsewhere" / CACHE_FOLDER / "copied.flac"
    assert copied.audio.is_file()


def test_splits(index: Index):
    assert [one.name for one in index.of_split("test")] == ["odd"]
    assert len(index.of_split("train")) == 3
    with pytest.raises(DatasetError, match=r"root: no recordings of split 'validation'. There are test, train\.$"):
        index.of_split("validation")


def spoiled(path: Path, about: dict[str, str] | None = None, **arrays: np.ndarray) -> Path:
    with safe_open(path, framework="numpy") as content:
        given = content.metadata()
    save_file(load_file(path) | arrays, path, given | (about or {}))
    return path


@pytest.mark.parametrize(
    ("about", "arrays", "message"),
    [
        ({"format": "other"}, {}, "format and version are .*'other'.*Prepare it anew"),
        ({"version": "2"}, {}, "format and version are .*'2'.*Prepare it anew"),
        ({"recordings": "[{}]"}, {}, "a damaged index .*Prepare it anew"),
        ({"recordings": "nonsense"}, {}, "a damaged index .*Prepare it anew"),
        ({"recordings": "{}"}, {}, "a damaged index .*Prepare it anew"),
        ({"recordings": "[1]"}, {}, "a damaged index .*Prepare it anew"),
        ({"recordings": "[" * 100_000}, {}, "a damaged index .*Prepare it anew"),
        ({"recordings": '[{"n_events": "3"}]'}, {}, "a damaged index .*Prepare it anew"),
        ({"durations": "long"}, {}, "a damaged index .*'long' is not a valid Durations"),
        ({}, {"onset_s": np.zeros(3)}, r"a damaged index \(3 events where the table counts \d+\)"),
        ({}, {"extra": np.zeros(3)}, "a damaged index .*extra"),
    ],
)
def test_damage_is_told(tmp_path: Path, index: Index, about: dict[str, str], arrays: dict, message: str):
    path = tmp_path / "out" / FILE_NAME
    write_index(path, index)
    with pytest.raises(DatasetError, match=message):
        read_index(spoiled(path, about, **arrays))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 0),
        ("sample_rate", "fast"),
        ("n_samples", -1),
        ("n_events", 1.5),
        ("name", None),
        ("audio", 3),
    ],
)
def test_values_that_cannot_be_are_told(tmp_path: Path, index: Index, name: str, value: object):
    path = tmp_path / "out" / FILE_NAME
    write_index(path, index)
    with safe_open(path, framework="numpy") as content:
        rows = json.loads(content.metadata()["recordings"])
    rows[1][name] = value
    with pytest.raises(DatasetError, match=rf"a damaged index \({name} is .*Prepare it anew"):
        read_index(spoiled(path, {"recordings": json.dumps(rows)}))


def test_no_index_at_all(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"there is no such index. Make it with `pianotrans prepare`\.$"):
        read_index(tmp_path)
    (tmp_path / FILE_NAME).write_text("some text")
    with pytest.raises(DatasetError, match=r"is no index, or a damaged one"):
        read_index(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path, index: Index):
    with pytest.raises(OutputError, match="does not exist"):
        write_index(tmp_path / "nowhere" / FILE_NAME, replace(index, recordings=index.recordings[:3]))
