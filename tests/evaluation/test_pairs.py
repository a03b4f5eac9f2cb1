"""Folders are matched by path and name, nothing is lost, nothing is guessed."""

from pathlib import Path

import pytest

from pianotrans.errors import EvaluationError
from pianotrans.evaluation import pair_files
from tests.commands.driving import as_nobody


def make(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_two_files_are_a_pair_whatever_their_names(tmp_path):
    folder = make(tmp_path / "x", "a.mid", "b.midi")
    (pair,) = pair_files(folder / "a.mid", folder / "b.midi").pairs
    assert (pair.name, pair.reference.name, pair.estimate.name) == ("a", "a.mid", "b.midi")


def test_folders_match_by_path_and_stem(tmp_path):
    reference = make(tmp_path / "ref", "2006/a.midi", "b.mid", "c.MID", "only.mid", "d.e.mid", "notes.txt")
    estimate = make(tmp_path / "est", "2006/a.mid", "b.MIDI", "c.mid", "2006/only.mid", "d.e.midi", ".hidden.mid")
    pairing = pair_files(reference, estimate)
    assert [pair.name for pair in pairing.pairs] == ["2006/a", "b", "c", "d.e"]
    for pair in pairing.pairs:
        assert pair.reference.is_relative_to(reference)
        assert pair.estimate.is_relative_to(estimate)
    assert pairing.reference_only == (reference / "only.mid",)
    assert pairing.estimate_only == (estimate / "2006/only.mid",)
    assert pairing.n_same_stem == 1


def test_hidden_files_and_folders_are_no_pieces(tmp_path):
    folder = make(tmp_path / "x", ".trash/a.mid", "._a.mid")
    pairing = pair_files(folder, folder)
    assert (pairing.pairs, pairing.reference_only, pairing.estimate_only) == ((), (), ())


def test_two_files_for_one_piece_are_refused(tmp_path):
    folder = make(tmp_path / "x", "a.mid", "a.midi")
    with pytest.raises(EvaluationError, match=r"holds a\.mid and a\.midi for the one piece a\. Remove all but one"):
        pair_files(folder, folder)


def test_a_folder_and_a_file_are_refused_either_way(tmp_path):
    folder = make(tmp_path / "x", "a.mid")
    for paths in ((folder, folder / "a.mid"), (folder / "a.mid", folder)):
        with pytest.raises(EvaluationError, match=r"x is a folder and .*a\.mid a file\. Pass two files or two"):
            pair_files(*paths)


def test_what_is_missing_is_named(tmp_path):
    folder = make(tmp_path / "x", "a.mid")
    with pytest.raises(EvaluationError, match=r"nowhere: there is no such file or folder"):
        pair_files(folder, tmp_path / "nowhere")


def test_a_closed_folder_is_named(tmp_path):
    folder = make(tmp_path / "x", "inner/a.mid")
    (folder / "inner").chmod(0)
    try:
        with (
            as_nobody(),
            pytest.raises(EvaluationError, match=r"inner: cannot be read as a folder|x: cannot be read"),
        ):
            pair_files(folder, folder)
    finally:
        (folder / "inner").chmod(0o755)


COMPOSED, DECOMPOSED = "\u00e9tude", "e\u0301tude"


def spelled(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / f"{name}.mid").touch()
    return folder


@pytest.mark.parametrize(("one", "other"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_letters_may_be_composed_in_another_way(tmp_path: Path, one: str, other: str):
    pairing = pair_files(spelled(tmp_path / "ref", one, "b"), spelled(tmp_path / "est", other, "c"))
    (pair,) = pairing.pairs
    assert (pair.name, pair.reference.stem, pair.estimate.stem) == (COMPOSED, one, other)
    assert [path.stem for path in (*pairing.reference_only, *pairing.estimate_only)] == ["b", "c"]


def test_twins(tmp_path: Path):
    both = spelled(tmp_path / "ref", COMPOSED, DECOMPOSED)
    if len(list(both.iterdir())) == 1:
        pytest.skip("one file on this file system")
    pairing = pair_files(both, spelled(tmp_path / "est", DECOMPOSED))
    (pair,) = pairing.pairs
    assert (pair.reference.stem, pair.estimate.stem) == (DECOMPOSED, DECOMPOSED)
    assert [path.stem for path in pairing.reference_only] == [COMPOSED]
    pairing = pair_files(both, spelled(tmp_path / "est2", DECOMPOSED, COMPOSED))
    assert all(pair.reference.stem == pair.estimate.stem for pair in pairing.pairs)
    assert len({pair.name for pair in pairing.pairs}) == 2
