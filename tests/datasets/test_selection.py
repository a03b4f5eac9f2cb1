"""Parts of a listing, what a listing refuses, and durations."""

import math
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.datasets import (
    DatasetListing,
    Pair,
    Unmatched,
    check_duration,
    find_pairs,
    limit_pairs,
    load_reference,
    select_names,
    select_split,
)
from pianotrans.errors import DatasetError
from tests.datasets.trees import one_line
from tests.events.strategies import quick

AUDIO, MIDI = Path("x.wav"), Path("x.mid")


def listing(*names: str, split: str | None = None, unmatched: tuple[Unmatched, ...] = ()) -> DatasetListing:
    return DatasetListing("folder", Path("root"), tuple(Pair(n, AUDIO, MIDI, split) for n in names), unmatched)


def names(listing: DatasetListing) -> list[str]:
    return [pair.name for pair in listing.pairs]


MIXED = DatasetListing(
    "csv",
    Path("root"),
    (Pair("2004/a", AUDIO, MIDI, "test"), Pair("2004/B", AUDIO, MIDI, "train"), Pair("c [live]", AUDIO, MIDI)),
    (Unmatched("2004/d", "no audio file for d.mid", "test"), Unmatched("e", "audio e missing", "validation")),
)


def test_splits():
    assert MIXED.splits == ("test", "train", "validation")
    assert listing("x").splits == ()
    part = select_split(MIXED, "test")
    assert names(part) == ["2004/a"]
    assert [one.name for one in part.unmatched] == ["2004/d"]
    assert (part.layout, part.root) == (MIXED.layout, MIXED.root)
    assert names(MIXED) == ["2004/a", "2004/B", "c [live]"], "the listing itself stays as it is"


@pytest.mark.parametrize(
    ("given_listing", "split", "complaint"),
    [
        (MIXED, "val", r"^root: split 'val' does not exist\. Choose one of test, train, validation\.$"),
        (MIXED, "Test", r"does not exist\. Choose one of"),
        (MIXED, "", r"^root: split '' does not exist"),
        (
            MIXED,
            "validation",
            r"no pair whose files are both there \(1 incomplete, such as e: audio e missing\)",
        ),
        (listing("x"), "test", r"^root: split 'test': this data set states no splits\. Leave the split out\.$"),
        (listing(), "test", r"states no splits"),
        (MIXED, "x\n" * 500, r"split 'x\\nx\\n.*…"),
    ],
)
def test_splits_that_are_not_there(given_listing: DatasetListing, split: str, complaint: str):
    with pytest.raises(DatasetError, match=complaint) as caught:
        select_split(given_listing, split)
    one_line(caught)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("2004", ["2004/a", "2004/B"]),
        ("b", ["2004/B"]),
        ("*/b", ["2004/B"]),
        ("200?/[ab]", ["2004/a", "2004/B"]),
        ("*", ["2004/a", "2004/B", "c [live]"]),
        ("", ["2004/a", "2004/B", "c [live]"]),
        ("[LIVE]", ["c [live]"]),
        ("c*", ["c [live]"]),
    ],
)
def test_names(pattern: str, expected: list[str]):
    assert names(select_names(MIXED, pattern)) == expected


def test_names_of_what_has_no_partner():
    assert [one.name for one in select_names(MIXED, "2004").unmatched] == ["2004/d"]


def test_names_that_are_not_there():
    with pytest.raises(
        DatasetError, match=r"^root: none of 3 names holds or matches 'z\*'\. They are called like '2004/a'"
    ):
        select_names(MIXED, "z*")
    with pytest.raises(DatasetError, match=r"none of 3 names holds or matches '\*/e'"):
        select_names(MIXED, "*/e")
    with pytest.raises(DatasetError, match=r"^root: none of 0 names holds or matches 'x'\. Give a part of a name"):
        select_names(listing(), "x")


def test_limits():
    assert names(limit_pairs(MIXED, 1)) == ["2004/a"]
    assert limit_pairs(MIXED, 3) == limit_pairs(MIXED, 10**9) == MIXED
    assert limit_pairs(MIXED, 1).unmatched == MIXED.unmatched
    for n_pairs in (0, -1):
        with pytest.raises(DatasetError, match=rf"^a limit of {n_pairs} recordings: it must be 1 or more\."):
            limit_pairs(MIXED, n_pairs)


@given(st.lists(st.text("abAB/.", min_size=1, max_size=4), unique_by=str.casefold), st.text("abAB/.", max_size=2))
@quick
def test_substrings_agree_with_a_plain_search(given_names: list[str], part: str):
    expected = [name for name in given_names if part.lower() in name.lower()]
    if expected:
        assert names(select_names(listing(*given_names), part)) == expected
    else:
        with pytest.raises(DatasetError, match="holds or matches"):
            select_names(listing(*given_names), part)


# The listing


def test_names_are_unique():
    with pytest.raises(
        DatasetError, match=r"^root: two pairs are named 'y'\. Remove one of them, or give each its own"
    ):
        listing("x", "y", "z", "y")
    for first, second in (("x/Take", "x/take"), ("straße", "STRASSE")):
        with pytest.raises(
            DatasetError, match=rf"^root: '{first}' and '{second}' differ only in case\. Rename one"
        ):
            listing("a", first, second)


def test_an_empty_listing():
    assert listing().pairs == listing().unmatched == listing().splits == ()


def test_listings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError, match="cannot assign to field"):
        MIXED.pairs[0].name = "y"  # type: ignore[misc]


# Durations


def pair(stated_s: float | None) -> Pair:
    return Pair("x", AUDIO, MIDI, duration_s=stated_s)


@pytest.mark.parametrize("stated_s", [None, 98.0, 100.0, 113.0])
def test_durations_that_go_together(stated_s: float | None):
    assert check_duration(pair(stated_s), 112.0, 100.0) is None, "strings sound on after the last key"
    assert check_duration(pair(stated_s), 100.0, 102.0) is None or stated_s == 113.0


@pytest.mark.parametrize(
    ("stated_s", "audio_s", "midi_s", "numbers"),
    [
        (127.46, 45.0, 45.0, "45.0 s of audio, 45.0 s of MIDI, 127.5 s in the index"),
        (127.46, 45.0, 127.4, "45.0 s of audio, 127.4 s of MIDI, 127.5 s in the index"),
        (45.0, 127.0, 127.4, "127.0 s of audio, 127.4 s of MIDI, 45.0 s in the index"),
        (None, 45.0, 127.4, "45.0 s of audio, 127.4 s of MIDI"),
        (None, 45.0, 47.1, "45.0 s of audio, 47.1 s of MIDI"),
        (None, 64.1, 47.0, "64.1 s of audio, 47.0 s of MIDI"),
        (0.0, 45.0, 45.0, "45.0 s of audio, 45.0 s of MIDI, 0.0 s in the index"),
        (None, math.nan, 45.0, "nan s of audio, 45.0 s of MIDI"),
    ],
)
def test_durations_that_do_not(stated_s: float | None, audio_s: float, midi_s: float, numbers: str):
    warning = check_duration(pair(stated_s), audio_s, midi_s)
    assert warning == f"x: {numbers} do not go together. Check that the files are complete."


def test_tolerance():
    assert check_duration(pair(None), 45.0, 47.1, tolerance_s=2.2) is None
    assert check_duration(pair(None), 45.0, 45.2, tolerance_s=0.1) is not None


@pytest.mark.shared
def test_shared_data_go_together(shared: Path):
    import soundfile

    for root in (shared / "maestro-mini", shared / "maps" / "pairs.csv"):
        for one in find_pairs(None, root).pairs[:6]:
            audio_s = soundfile.info(str(one.audio)).duration
            assert check_duration(one, audio_s, load_reference(one.midi).duration_s) is None
            assert check_duration(one, audio_s / 2, load_reference(one.midi).duration_s) is not None
