"""Names are the same however their letters are composed: é as one character, or as e and an accent."""

from pathlib import Path

import pytest

from pianotrans.datasets import find_pairs, select_names, select_split
from pianotrans.errors import DatasetError

COMPOSED, DECOMPOSED = "\u00e9tude n\u00b0 1", "e\u0301tude n\u00b0 1"
TURNS = pytest.mark.parametrize(("one", "other"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@TURNS
def test_files_side_by_side(tmp_path: Path, one: str, other: str):
    audio, midi = touch(tmp_path / f"{one}.wav"), touch(tmp_path / f"{other}.mid")
    (pair,) = find_pairs("folder", tmp_path).pairs
    assert (pair.name, pair.audio, pair.midi) == (COMPOSED, audio, midi)


@TURNS
def test_an_index(tmp_path: Path, one: str, other: str):
    audio, midi = touch(tmp_path / one / f"{one}.wav"), touch(tmp_path / one / f"{other}.mid")
    table = f"audio,midi,split\n{other}/{other}.wav,{other}/{other}.mid,{one}\nx.wav,{other}/{one}.mid,\n"
    (tmp_path / "pairs.csv").write_text(table, encoding="utf-8")
    listing = find_pairs("csv", tmp_path)
    ((pair,), (incomplete,)) = listing.pairs, listing.unmatched
    assert (pair.name, pair.audio, pair.midi) == (f"{COMPOSED}/{COMPOSED}", audio, midi)
    assert incomplete.problem == "audio x.wav missing"
    assert select_split(listing, other).pairs == (pair,)


def test_the_exact_name_is_preferred(tmp_path: Path):
    wav = [touch(tmp_path / f"{name}.wav") for name in (COMPOSED, DECOMPOSED)]
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("one file on this file system")
    midi = touch(tmp_path / "x.mid")
    for path in wav:
        (tmp_path / "pairs.csv").write_text(f"audio,midi\n{path.name},x.mid\n", encoding="utf-8")
        (pair,) = find_pairs("csv", tmp_path).pairs
        assert (pair.audio, pair.midi) == (path, midi)


@TURNS
def test_a_filter(tmp_path: Path, one: str, other: str):
    for name in (one, "prelude"):
        touch(tmp_path / f"{name}.wav")
        touch(tmp_path / f"{name}.mid")
    listing = find_pairs("folder", tmp_path)
    for pattern in (other, other.upper(), f"*{other[:3]}*"):
        assert [pair.name for pair in select_names(listing, pattern).pairs] == [COMPOSED]
    with pytest.raises(DatasetError, match="none of 2 names"):
        select_names(listing, "etude")
