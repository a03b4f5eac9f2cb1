"""Which layout a folder has, and roots that are of none."""

from pathlib import Path

import pytest

from pianotrans.datasets import LAYOUTS, detect_layout, find_pairs
from pianotrans.errors import DatasetError, UsageError
from tests.datasets.trees import one_line, touch

TREES = {
    "maestro": ["maestro-v3.0.0.json", "2004/x.wav", "2004/x.midi"],
    "maps": ["AkPnBcht/MUS/MAPS_MUS-x_AkPnBcht.wav"],
    "smd": ["midi/Bach_BWV849-01_001_20090916-SMD.mid", "wav/Bach_BWV849-01_001_20090916-SMD.wav"],
    "csv": ["pairs.csv", "other.csv"],
    "folder": ["x.wav", "x.mid", "other.csv", "MUS.wav"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_is_recognised(tmp_path: Path, layout: str):
    assert detect_layout(touch(tmp_path, *TREES[layout])) == layout


def test_a_csv_is_recognised(tmp_path: Path):
    assert detect_layout(touch(tmp_path, "any.CSV") / "any.CSV") == "csv"


@pytest.mark.parametrize("subset", ["MUS", "ISOL", "RAND", "UCHO"])
def test_every_subset_of_maps_is_recognised(tmp_path: Path, subset: str):
    touch(tmp_path, f"AkPnBcht/{subset}/P3/x.wav")
    for root in (tmp_path, tmp_path / "AkPnBcht", tmp_path / "AkPnBcht" / subset):
        assert detect_layout(root) == "maps"
    assert detect_layout(tmp_path / "AkPnBcht" / subset / "P3") == "folder"


@pytest.mark.parametrize("first", [name for name in TREES if name != "folder"])
@pytest.mark.parametrize("second", [name for name in TREES if name != "folder"])
def test_two_at_once_are_ambiguous(tmp_path: Path, first: str, second: str):
    touch(tmp_path, *TREES[first], *TREES[second])
    if first == second:
        assert detect_layout(tmp_path) == first
        return
    with pytest.raises(
        DatasetError, match=r": looks like the layouts .* and .*\. Choose one with --layout"
    ) as caught:
        find_pairs(None, tmp_path)
    assert f"{first} ({TREES[first][0][:5]}" in one_line(caught)
    assert f"{second} ({TREES[second][0][:5]}" in one_line(caught)


@pytest.mark.parametrize("layout", [None, *LAYOUTS])
def test_roots_that_hold_nothing(tmp_path: Path, layout: str | None):
    for root, complaint in [
        (tmp_path / "nowhere", "there is no such folder"),
        (tmp_path / "a\nb", "there is no such folder"),
        ("a\0b", "there is no such folder"),
        (tmp_path, "this folder is empty"),
    ]:
        with pytest.raises(DatasetError, match=complaint) as caught:
            find_pairs(layout, root)
        one_line(caught)


@pytest.mark.parametrize("layout", [None, *(name for name, layout in LAYOUTS.items() if not layout.reads_file)])
def test_a_root_that_is_a_file(tmp_path: Path, layout: str | None):
    touch(tmp_path, "x.wav")
    with pytest.raises(
        DatasetError, match=r"x\.wav: is a file\. Give the folder of the data set, or a csv of pairs"
    ):
        find_pairs(layout, tmp_path / "x.wav")


@pytest.mark.parametrize("layout", ["folder", "maps", "smd", None])
def test_no_pairs(tmp_path: Path, layout: str | None):
    touch(tmp_path, "notes.txt")
    with pytest.raises(DatasetError, match=r": no pairs of audio and MIDI in the layout \w+\. \w") as caught:
        find_pairs(layout, tmp_path)
    one_line(caught)


def test_an_unknown_layout(tmp_path: Path):
    with pytest.raises(UsageError, match=r"^layout: 'Maestro' is unknown\. Use one of maestro, maps, smd"):
        find_pairs("Maestro", tmp_path)
