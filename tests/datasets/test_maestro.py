"""MAESTRO: its three versions, csv and json, and damaged indexes."""

import csv
import json
import os
import re
from pathlib import Path

import pytest

from pianotrans.datasets import find_pairs
from pianotrans.errors import DatasetError
from tests.datasets.trees import contents, one_line, table, touch, unmatched

COLUMNS = [
    *("canonical_composer", "canonical_title", "split", "year", "midi_filename", "audio_filename", "duration")
]
ROWS = [
    ["Alban Berg", "Sonata Op. 1", "train", 2018, "2018/a--1.midi", "2018/a--1.wav", 698.6617104],
    ["Bach, J. S.", 'Prelude "in C"', "validation", 2004, "2004/b.midi", "2004/b.wav", 40],
    ["Frédéric Chopin", "Étude", "test", 2004, "2004/c.midi", "2004/c.wav", 12.5],
]
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
INDEXES = {
    "maestro-v1.0.0.csv": table(COLUMNS, *ROWS),
    "maestro-v2.0.0.csv": table(COLUMNS, *ROWS).replace("\r\n", "\n"),
    "maestro-v1.0.0.json": json.dumps(RECORDS),
    "maestro-v2.0.0.json": json.dumps(RECORDS, indent=4, ensure_ascii=False),
    "maestro-v3.0.0.csv": "\ufeff" + table(COLUMNS, *ROWS),
    "maestro-v3.0.0.json": json.dumps({c: {str(i): r[c] for i, r in enumerate(RECORDS)} for c in COLUMNS}),
}


def make(root: Path, name: str, text: str | bytes) -> Path:
    """The three recordings, and an index."""
    touch(root, *(str(row[i]) for row in ROWS for i in (4, 5)))
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def refusal(root: Path) -> str:
    with pytest.raises(DatasetError, match=re.escape(str(root))) as caught:
        find_pairs("maestro", root)
    return one_line(caught)


@pytest.mark.parametrize("layout", ["maestro", None])
@pytest.mark.parametrize("name", INDEXES)
def test_every_version_says_the_same(tmp_path: Path, name: str, layout: str | None):
    listing = find_pairs(layout, make(tmp_path, name, INDEXES[name]))
    assert listing.layout == "maestro"
    assert contents(listing) == {
        "2018/a--1": ("2018/a--1.wav", "2018/a--1.midi"),
        "2004/b": ("2004/b.wav", "2004/b.midi"),
        "2004/c": ("2004/c.wav", "2004/c.midi"),
    }
    assert [(p.split, p.group, p.duration_s) for p in listing.pairs] == [
        ("train", "2018", 698.6617104),
        ("validation", "2004", 40.0),
        ("test", "2004", 12.5),
    ]
    assert listing.splits == ("test", "train", "validation")
    assert listing.unmatched == ()


@pytest.mark.shared
@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_the_shared_copy(shared: Path, tmp_path: Path, suffix: str):
    """Against the csv as the standard library reads it; the folder reference/ is none of the data set."""
    source = shared / "maestro-mini"
    for entry in source.iterdir():
        if entry.is_dir() or entry.suffix == suffix:
            (tmp_path / entry.name).symlink_to(entry)
    with (source / "maestro-v3.0.0.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    listing = find_pairs(None, tmp_path)
    assert [
        (os.path.relpath(p.audio, tmp_path), os.path.relpath(p.midi, tmp_path), p.split, p.group, p.duration_s)
        for p in listing.pairs
    ] == [(r["audio_filename"], r["midi_filename"], r["split"], r["year"], float(r["duration"])) for r in rows]
    assert len(find_pairs("maestro", tmp_path, "train").pairs) == 3


def test_a_csv_is_preferred_to_json(tmp_path: Path):
    make(tmp_path, "maestro-v3.0.0.json", "not even JSON")
    assert (
        len(find_pairs("maestro", make(tmp_path, "maestro-v3.0.0.csv", INDEXES["maestro-v3.0.0.csv"])).pairs) == 3
    )


def test_a_partial_copy_lists_what_is_missing(tmp_path: Path):
    make(tmp_path, "maestro-v3.0.0.csv", INDEXES["maestro-v3.0.0.csv"])
    (tmp_path / "2018/a--1.wav").unlink()
    (tmp_path / "2004/b.wav").unlink()
    (tmp_path / "2004/b.midi").unlink()
    listing = find_pairs("maestro", tmp_path)
    assert list(contents(listing)) == ["2004/c"]
    assert unmatched(listing) == [
        "2018/a--1: audio 2018/a--1.wav missing",
        "2004/b: audio 2004/b.wav and MIDI 2004/b.midi missing",
    ]
    assert [one.split for one in listing.unmatched] == ["train", "validation"]
    assert find_pairs("maestro", tmp_path, "test").unmatched == ()
    with pytest.raises(DatasetError, match=r"split 'train' has no pair .* \(1 incomplete, such as 2018/a--1: "):
        find_pairs("maestro", tmp_path, "train")


def test_an_index_alone_has_no_pairs(tmp_path: Path):
    (tmp_path / "maestro-v1.0.0.json").write_text(INDEXES["maestro-v1.0.0.json"])
    message = refusal(tmp_path)
    assert (
        "no pairs of audio and MIDI in the layout maestro (3 without a partner, such as 2018/a--1: audio" in message
    )


def test_no_index_and_two(tmp_path: Path):
    touch(tmp_path, "2004/c.wav")
    with pytest.raises(DatasetError, match=r"holds no index of MAESTRO \(maestro-v3\.0\.0\.csv or \.json\)"):
        find_pairs("maestro", tmp_path)
    make(tmp_path, "maestro-v2.0.0.csv", INDEXES["maestro-v2.0.0.csv"])
    make(tmp_path, "maestro-v3.0.0.csv", INDEXES["maestro-v3.0.0.csv"])
    assert "maestro-v2.0.0.csv and maestro-v3.0.0.csv. Keep the index of the version" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "is not JSON"),
        (b"[{", "is not JSON"),
        (b"[" * 200_000, "is not JSON"),
        (b"[]", "names no recordings"),
        (b"{}", "neither a list of records (v1, v2) nor a table of columns (v3)"),
        (b"3", "neither a list of records"),
        (b'{"split": ["test"]}', "neither a list of records"),
        (b'[{"split": "test"}, 3]', "neither a list of records"),
        (b'[{"split": "test"}]', "lacks the columns year, midi_filename, audio_filename, duration. It has split."),
        (b'{"split": {"0": "test"}, "year": {}}', "the column year has 0 rows that are not the 1 of the first"),
        (b'{"split": {"0": "test"}, "year": {"1": 2004}}', "the column year has 1 rows that are not the 1"),
        (b'[{"split": ["test"]}]', "record 0: split is neither text nor a number"),
        (b"\xff\xfe[\0", "NUL bytes"),
        (b'["\xe9"]', "line 1 is not UTF-8 text (byte 0xe9)"),
        (json.dumps([{**RECORDS[0], "audio_filename": ""}]).encode(), "cell of 'audio_filename' is empty"),
        (json.dumps([{**RECORDS[0], "midi_filename": None}]).encode(), "record 0: the cell of 'midi_filename' is"),
        (json.dumps([RECORDS[0], RECORDS[0]]).encode(), "two pairs are named '2018/a--1'"),
        (json.dumps([{**RECORDS[0], "duration": True}]).encode(), "duration is 'True'"),
        (json.dumps([{**RECORDS[0], "audio_filename": "x\0.wav"}]).encode(), "audio x\\x00.wav missing"),
    ],
)  # fmt: skip
def test_damaged_json(tmp_path: Path, text: bytes, complaint: str):
    assert complaint in refusal(make(tmp_path, "maestro-v3.0.0.json", text))


def test_a_csv_without_a_column(tmp_path: Path):
    text = table(COLUMNS[:-1], *(row[:-1] for row in ROWS))
    assert "lacks the columns duration. It has canonical_composer," in refusal(
        make(tmp_path, "maestro-v3.0.0.csv", text)
    )


def test_unreadable_index(tmp_path: Path):
    (tmp_path / "maestro-v3.0.0.csv").mkdir()
    assert "cannot be read" in refusal(tmp_path)
