"""Several prepared indexes as one material."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.errors import DatasetError, TrainingError
from pianotrans.events import Durations
from pianotrans.training.data.index import FILE_NAME, Index, write_index
from pianotrans.training.data.material import Material

from .recordings import tones


def prepared(folder: Path, *splits: str, durations: Durations = Durations.keys) -> Path:
    recordings = tuple(
        replace(tones(folder / f"{i}.wav", seed=i, duration_s=1.0), split=split) for i, split in enumerate(splits)
    )
    write_index(folder / FILE_NAME, Index(folder, folder.name, durations, recordings))
    return folder


def test_the_recordings_of_all_that_have_the_split(tmp_path: Path):
    folders = [prepared(tmp_path / "a", "train", "validation"), prepared(tmp_path / "b", "train", "train")]
    material = Material.read(folders)
    assert [one.audio for one in material.of_split("train")] == [
        tmp_path / "a" / "0.wav",
        tmp_path / "b" / "0.wav",
        tmp_path / "b" / "1.wav",
    ]
    assert [one.audio for one in material.of_split("validation")] == [tmp_path / "a" / "1.wav"]
    assert (material.layout, material.durations) == ("a + b", Durations.keys)
    with pytest.raises(DatasetError, match="no recordings of split 'test' in 2 indexes"):
        material.of_split("test")
    with pytest.raises(DatasetError, match="There are train, validation"):
        Material.read(folders[:1]).of_split("test")


def test_the_digest_tells_any_change(tmp_path: Path):
    folders = [prepared(tmp_path / "a", "train"), prepared(tmp_path / "b", "train")]
    alone = Material.read(folders[:1]).digest
    assert alone == hashlib.sha256((tmp_path / "a" / FILE_NAME).read_bytes()).hexdigest()
    both = Material.read(folders).digest
    prepared(tmp_path / "b", "validation")
    assert len({alone, both, Material.read(folders).digest}) == 3


def test_notes_must_last_alike(tmp_path: Path):
    folders = [prepared(tmp_path / "a", "train"), prepared(tmp_path / "b", "train", durations=Durations.sounding)]
    with pytest.raises(TrainingError, match="--data: notes last keys and sounding in them"):
        Material.read(folders)
