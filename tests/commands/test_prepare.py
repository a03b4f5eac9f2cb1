"""`pianotrans prepare`: reports, exit codes, and nothing half-written."""

import os
from pathlib import Path

import numpy as np
import pytest

from pianotrans.training.data.index import FILE_NAME, read_index
from pianotrans.training.preparation import running
from tests.synthesis import random_performance, render

from .driving import RATE, errors, names, only_error, run, write


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data set in the layout of MAESTRO, of two recordings at two rates."""
    root = tmp_path / "data"
    lines = ["canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration"]
    for i, (split, rate) in enumerate((("train", 44_100), ("validation", 48_000))):
        performance = random_performance(i, 2.0)
        write(root / "2004" / f"{i}.wav", render(performance, rate), rate)
        performance.save(root / "2004" / f"{i}.midi")
        lines.append(f"X,Y,{split},2004,2004/{i}.midi,2004/{i}.wav,2.0")
    (root / "maestro-v3.0.0.csv").write_text("\n".join(lines))
    return root


def add_bad(data: Path) -> None:
    with (data / "maestro-v3.0.0.csv").open("a") as file:
        file.write("\nX,Y,test,2004,2004/0.midi,2004/bad.wav,2.0")
    write(data / "2004" / "bad.wav", np.zeros(2 * RATE))


def test_all_is_fine(data: Path, tmp_path: Path):
    result = run("prepare", data, tmp_path / "out")
    assert (result.exit_code, errors(result), result.stdout) == (0, [], "")
    assert names(tmp_path / "out") == [FILE_NAME, "report.csv"]
    table = [line.split() for line in result.stderr.splitlines()]
    assert ["train", "1", "0"] in [line[:3] for line in table]
    assert "1 of 48000 Hz" in result.stderr
    assert len(read_index(tmp_path / "out").recordings) == 2
    again = run("prepare", data, tmp_path / "out")
    assert again.exit_code == 0
    assert "2 of 2 recordings were ready before." in again.stderr


def test_some_are_left_out(data: Path, tmp_path: Path):
    add_bad(data)
    result = run("prepare", data, tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    assert only_error(result).startswith("error: 2004/bad: left out. ")
    assert "is silent from beginning to end" in only_error(result)
    assert len(result.stderr.splitlines()) == 1
    assert "refused" in (tmp_path / "out" / "report.csv").read_text()


def test_copies(data: Path, tmp_path: Path):
    assert run("prepare", data, tmp_path / "out", "--cache").exit_code == 0
    assert names(tmp_path / "out") == ["audio/2004/1.flac", FILE_NAME, "report.csv"]


def test_pairs(tmp_path: Path):
    write(tmp_path / "song.wav", render(random_performance(1, 2.0), RATE))
    random_performance(1, 2.0).save(tmp_path / "song.mid")
    table = tmp_path / "mine.csv"
    table.write_text("audio,midi,split\nsong.wav,song.mid,train\n")
    assert run("prepare", table, tmp_path / "out").exit_code == 0
    assert read_index(tmp_path / "out").layout == "csv"
    table.write_text("audio,midi,split\nsong.wav,song.mid,training\n")
    result = run("prepare", table, tmp_path / "other")
    assert result.exit_code == 1
    assert "1 of 1 recordings have the split 'training'" in only_error(result)
    assert not (tmp_path / "other").exists()


def test_a_folder_without_splits(tmp_path: Path):
    for i in range(4):
        write(tmp_path / "songs" / f"{i}.wav", render(random_performance(i, 2.0), RATE))
        random_performance(i, 2.0).save(tmp_path / "songs" / f"{i}.mid")
    assert run("prepare", tmp_path / "songs", tmp_path / "out").exit_code == 0
    index = read_index(tmp_path / "out")
    assert (index.layout, {one.split for one in index.recordings}) == ("folder", {"train"})
    assert run("prepare", tmp_path / "songs", tmp_path / "out", "--validation-share", 0.25).exit_code == 0
    splits = [one.split for one in read_index(tmp_path / "out").recordings]
    assert splits == ["train", "train", "train", "validation"]


def test_the_split_of_maps(tmp_path: Path):
    for piano in ("AkPnBcht", "ENSTDkAm"):
        write(tmp_path / f"MAPS/{piano}/MUS/x.wav", render(random_performance(1, 2.0), RATE))
        random_performance(1, 2.0).save(tmp_path / f"MAPS/{piano}/MUS/x.mid")
    assert run("prepare", "--layout", "maps", tmp_path / "MAPS", tmp_path / "out", "--jobs", 1).exit_code == 0
    assert [one.split for one in read_index(tmp_path / "out").recordings] == ["train", "test"]


@pytest.mark.parametrize("share", [-0.1, 1, "nan"])
def test_an_impossible_share(data: Path, tmp_path: Path, share: float):
    result = run("prepare", data, tmp_path / "out", "--validation-share", share)
    assert (result.exit_code, "--validation-share: " in only_error(result)) == (2, True)


def test_a_share_beside_a_split(data: Path, tmp_path: Path):
    result = run("prepare", data, tmp_path / "out", "--validation-share", 0.1)
    assert (result.exit_code, "has a validation split" in only_error(result)) == (2, True)


@pytest.mark.parametrize("arguments", [("nowhere",), ("--layout", "csv", "nowhere.csv")], ids=" ".join)
def test_no_data_set(arguments: tuple[str, ...], tmp_path: Path):
    result = run("prepare", *arguments, tmp_path / "out")
    assert result.exit_code == 1
    assert "nowhere" in only_error(result)
    assert not (tmp_path / "out").exists()


def test_an_interruption_is_told_and_gone_on_with(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = running.prepare_recording

    def interrupted(pair, *arguments):
        if pair.name == "2004/1":
            raise KeyboardInterrupt
        return real(pair, *arguments)

    monkeypatch.setattr(running, "prepare_recording", interrupted)
    result = run("prepare", data, tmp_path / "out")
    assert result.exit_code == 130
    assert only_error(result).startswith("error: Interrupted. Run the same command again")
    monkeypatch.undo()
    result = run("prepare", data, tmp_path / "out")
    assert result.exit_code == 0
    assert "1 of 2 recordings were ready before." in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="another matter there")
@pytest.mark.parametrize("cache", [True, False])
def test_disk_full(data: Path, tmp_path: Path, cache: bool):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, limits[1]))  # Python ignores SIGXFSZ: writing raises
    try:
        result = run("prepare", data, tmp_path / "out", *(["--cache"] if cache else []))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 1
    assert "no space for" in only_error(result)
    assert names(tmp_path / "out") == []
