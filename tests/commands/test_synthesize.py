"""`pianotrans synthesize`: from MIDI to a data set that can be prepared and evaluated."""

import os
from pathlib import Path

import pytest

from pianotrans.training.data.index import read_index
from pianotrans.training.synthesis import dataset
from tests.synthesis import random_performance
from tests.training.pianos import whole_piano

from .driving import errors, names, only_error, run


@pytest.fixture(scope="module")
def piano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whole_piano(tmp_path_factory.mktemp("piano"))


@pytest.fixture
def midi(tmp_path: Path) -> Path:
    """Two performances, one of them in a folder."""
    (tmp_path / "midi" / "deeper").mkdir(parents=True)
    random_performance(1, 1.0).save(tmp_path / "midi" / "one.mid")
    random_performance(2, 1.0).save(tmp_path / "midi" / "deeper" / "two.mid")
    return tmp_path / "midi"


def test_a_data_set_that_can_be_prepared(midi: Path, piano: Path, tmp_path: Path):
    result = run("synthesize", midi, tmp_path / "out", "--samples", piano, "--split", "train=1,test=1")
    assert (result.exit_code, errors(result), result.stdout) == (0, [], "")
    assert "2 recordings, 6.0 s of sound: " in result.stderr
    assert names(tmp_path / "out" / "2000") == ["deeper_two.flac", "deeper_two.midi", "one.flac", "one.midi"]
    assert run("prepare", tmp_path / "out", tmp_path / "index").exit_code == 0
    assert {one.split for one in read_index(tmp_path / "index").recordings} == {"train", "test"}


def test_files_formats_and_takes(midi: Path, piano: Path, tmp_path: Path):
    arguments = ("--samples", piano, "--format", "wav", "--takes", 2, "--quiet")
    result = run("synthesize", midi / "one.mid", tmp_path / "out", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert names(tmp_path / "out" / "2000") == ["one_1.midi", "one_1.wav", "one_2.midi", "one_2.wav"]


def test_some_cannot_be_played(midi: Path, piano: Path, tmp_path: Path):
    (midi / "bad.mid").write_text("no MIDI")
    cut = (midi / "one.mid").read_bytes()[:-4]
    (midi / "one.mid").write_bytes(cut)
    result = run("synthesize", midi, tmp_path / "out", "--samples", piano, "--dry")
    assert result.exit_code == 1
    assert "bad.mid: does not begin as MIDI files do" in only_error(result)
    assert [line for line in result.stderr.splitlines() if line.startswith("one.mid: ") and "cut off" in line]
    assert len(names(tmp_path / "out" / "2000")) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--samples", "nowhere"), 1, "nowhere: there is no such folder. Give a folder of piano samples."),
        (
            ("--samples", "midi"),
            1,
            "midi: holds no piano samples. Give a folder with recordings named like",
        ),
        (
            ("--samples", "piano", "--split", "trian"),
            2,
            "'trian' is not a split. Give one of train, validation, test",
        ),
        (("--samples", "piano", "--split", "train=x"), 2, "'train=x' is not a split"),
        (("--samples", "piano", "--split", "train=1,train=2"), 2, "'train=2' is not a split"),
        (("--samples", "piano", "--dry", "--takes", "2"), 2, "dry takes would all be the same"),
    ],
)
def test_wrong_usage(
    midi: Path,
    piano: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    message: str,
):
    monkeypatch.chdir(tmp_path)
    given = [str(piano) if argument == "piano" else argument for argument in arguments]
    result = run("synthesize", midi, "out", *given)
    assert (result.exit_code, message in only_error(result)) == (code, True)
    assert not Path("out").exists()


def test_folders_without_midi_and_folders_that_are_not_empty(midi: Path, piano: Path, tmp_path: Path):
    result = run("synthesize", piano, tmp_path / "out", "--samples", piano)
    assert result.exit_code == 1
    assert "no MIDI files in this folder. Name one that holds some." in only_error(result)
    result = run("synthesize", midi, midi, "--samples", piano)
    assert result.exit_code == 1
    assert "midi: is not empty, and holds something else than this data set" in only_error(result)
    assert names(midi) == ["deeper/two.mid", "one.mid"]


def test_an_interruption(midi: Path, piano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = dataset._make

    def interrupted(take, **options):
        if take.name == "one":
            raise KeyboardInterrupt
        real(take, **options)

    monkeypatch.setattr(dataset, "_make", interrupted)
    arguments = ("synthesize", midi, tmp_path / "out", "--samples", piano)
    result = run(*arguments)
    assert result.exit_code == 130
    assert only_error(result).startswith("error: Interrupted. The same command continues where this run stopped.")
    monkeypatch.undo()
    assert run(*arguments).exit_code == 0
    assert not [name for name in names(tmp_path / "out") if name.endswith(".tmp")]


@pytest.mark.skipif(os.name != "posix", reason="another matter there")
def test_disk_full(midi: Path, piano: Path, tmp_path: Path):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))  # Python ignores SIGXFSZ: writing raises
    try:
        result = run("synthesize", midi, tmp_path / "out", "--samples", piano)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.exit_code == 1
    assert ".flac: no space for" in only_error(result)
    assert not [name for name in names(tmp_path / "out") if name.endswith((".flac", ".tmp", ".csv"))]
