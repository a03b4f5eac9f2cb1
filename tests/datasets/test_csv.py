"""A csv of pairs: good ones, and everything that can be wrong with one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.datasets import find_pairs
from pianotrans.datasets.tables import read_csv
from pianotrans.errors import DatasetError
from tests.datasets.trees import contents, one_line, table, touch, unmatched
from tests.events.strategies import quick


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two recordings, beside one that does not belong to it."""
    touch(tmp_path, "outside.wav", "outside.mid")
    return touch(tmp_path / "set", "a/x.wav", "a/x.mid", "b/y.flac", "b/y.mid")


def write(root: Path, text: str | bytes) -> Path:
    path = root / "pairs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(root: Path, text: str | bytes) -> str:
    path = write(root, text)
    with pytest.raises(DatasetError, match=r"set(/|: )") as caught:
        find_pairs("csv", path)
    return one_line(caught)


@pytest.mark.parametrize("layout", ["csv", None])
@pytest.mark.parametrize("as_folder", [True, False])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_paths_are_needed(root: Path, layout: str | None, as_folder: bool, mark: str):
    path = write(root, mark + "midi,audio\nb/y.mid,b/y.flac\n\n a/x.mid , ./a/../a//x.wav\n")
    listing = find_pairs(layout, root if as_folder else path)
    assert (listing.layout, listing.root) == ("csv", root)
    assert contents(listing) == {"b/y": ("b/y.flac", "b/y.mid"), "a/x": ("a/x.wav", "a/x.mid")}
    assert {(pair.split, pair.group, pair.duration_s) for pair in listing.pairs} == {(None, None, None)}


def test_all_columns(root: Path):
    rows = [
        ("a/x.wav", "a/x.mid", "test", 'first, "quoted"', "12.5", "Steinway"),
        ("b/y.flac", "b/y.mid", *[""] * 4),
    ]
    write(root, table(("audio", "midi", "split", "name", "duration", "piano"), *rows))
    first, second = find_pairs("csv", root).pairs
    assert (first.name, first.split, first.duration_s, first.group) == ('first, "quoted"', "test", 12.5, "Steinway")
    assert (second.name, second.split, second.duration_s, second.group) == ("b/y", None, None, None)
    assert find_pairs("csv", root, "test").pairs == (first,)


def test_one_recording_with_two_truths(root: Path):
    write(root, "audio,midi,name\na/x.wav,a/x.mid,one\na/x.wav,b/y.mid,two\n")
    assert contents(find_pairs("csv", root)) == {"one": ("a/x.wav", "a/x.mid"), "two": ("a/x.wav", "b/y.mid")}


def test_relative_and_absolute_roots(root: Path, monkeypatch: pytest.MonkeyPatch):
    write(root, f"audio,midi\n{root}/a/x.wav,{root}/a/x.mid\n")
    assert list(contents(find_pairs("csv", root))) == ["a/x"]
    write(root, "audio,midi\na/x.wav,a/x.mid\n")
    monkeypatch.chdir(root)
    for given_root in ("pairs.csv", ".", "../set", "a/../pairs.csv"):
        (pair,) = find_pairs("csv", given_root).pairs
        assert pair.name == "a/x"
        assert pair.audio.is_file()


def test_missing_files_are_listed(root: Path):
    text = table(
        ("audio", "midi"), ("a/x.wav", "a/x.mid"), ("a", "b/y.mid"), ("z.wav", "x" * 300), ("y\\x.wav", "a")
    )
    write(root, text)
    listing = find_pairs("csv", root)
    assert list(contents(listing)) == ["a/x"]
    first, second, _ = unmatched(listing)
    assert first == "a: audio a missing"
    assert second == f"z: audio z.wav and MIDI {'x' * 80}…{'x' * 80} missing"


@pytest.mark.shared
def test_the_shared_example(shared: Path):
    listing = find_pairs("csv", shared / "maps" / "pairs.csv")
    assert len(listing.pairs) == 126
    assert listing.unmatched == ()
    assert listing.splits == ("test", "train")
    assert sum(pair.duration_s or 0 for pair in listing.pairs if pair.split == "train") == pytest.approx(
        20_600, abs=100
    )


@pytest.mark.parametrize(
    "given_path", ["../outside.wav", "a/../../outside.wav", "/outside.wav", "..", ".", "a/..", "../set"]
)
@pytest.mark.parametrize("column", ["audio", "midi"])
def test_paths_that_lead_outside_are_refused(root: Path, column: str, given_path: str):
    row = {"audio": "a/x.wav", "midi": "a/x.mid", column: given_path}
    message = refusal(root, table(row, row.values()))
    assert (
        f"pairs.csv, line 2: {column} is {given_path!r}, which is not below {root}. Give a path relative" in message
    )


@pytest.mark.parametrize("given_root", [".", "..", "a/..", "../set", "pairs.csv"])
def test_paths_that_lead_out_of_a_relative_root_are_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, given_root: str
):
    for folder in (root, root.parent):
        (folder / "pairs.csv").write_text("audio,midi\n../outside.wav,../outside.mid\n")
    monkeypatch.chdir(root)
    with pytest.raises(DatasetError, match=r"line 2: audio is '\.\./outside\.wav', which is not below"):
        find_pairs("csv", given_root)


def test_absolute_paths_outside_are_refused(root: Path):
    assert "which is not below" in refusal(root, f"audio,midi\n{root.parent}/outside.wav,a/x.mid\n")
    assert "which is not below" in refusal(root, f"audio,midi\n{root}2/x.wav,a/x.mid\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no table. Its first line must name the columns."),
        ("\n \n,,\n", "holds no table"),
        ("audio,midi\n", "names no recordings"),
        ("a/x.wav,a/x.mid\n", "names no recordings"),
        ("a/x.wav,a/x.mid\nb/y.flac,b/y.mid\n", "lacks the columns audio, midi. It has a/x.wav, a/x.mid."),
        ("audio;midi\na/x.wav;a/x.mid\n", "lacks the columns audio, midi. It has audio;midi. Name the columns"),
        ("Audio,midi\na/x.wav,a/x.mid\n", "lacks the columns audio. It has Audio, midi."),
        ("audio,midi,audio\n1,2,3\n", "line 1: names the column 'audio' twice"),
        ("audio,midi\na/x.wav,a/x.mid\nb, y.flac,b/y.mid\n", "line 3: 3 cells in place of 2. Mend the row"),
        ("audio,midi\na/x.wav\n", "line 2: 1 cells in place of 2"),
        ("audio,midi\na/x.wav,\n", "line 2: the cell of 'midi' is empty. Fill it in"),
        ('audio,midi\n"a/x.wav,a/x.mid\n', "is not csv (unexpected end of data)"),
        ('audio,midi\n"a"x.wav,a/x.mid\n', "line 2: is not csv"),
        ("audio,midi\n" + "x" * 200_000 + ",y\n", "line 2: is not csv (field larger than field limit"),
        ("audio,midi\na/x.wav,a/x.mid\n".encode("utf-16"), "holds NUL bytes, so it is not UTF-8 text"),
        (b"audio,midi\na/x.wav,a\0/x.mid\n", "holds NUL bytes"),
        ("audio,midi\n\né.wav,é.mid\n".encode("latin-1"), "line 3 is not UTF-8 text (byte 0xe9). Save"),
        ("audio,midi,duration\na/x.wav,a/x.mid,2:05\n", "line 2: duration is '2:05'. It must be a number"),
        ("audio,midi,duration\na/x.wav,a/x.mid,-1\n", "duration is '-1'"),
        ("audio,midi,duration\na/x.wav,a/x.mid,nan\n", "duration is 'nan'"),
        ("audio,midi,duration\na/x.wav,a/x.mid,inf\n", "duration is 'inf'"),
        ("audio,midi\na/x.wav,a/x.mid\na/x.wav,b/y.mid\n", "two pairs are named 'a/x'. Remove one"),
        ("audio,midi,name\na/x.wav,a/x.mid,n\nb/y.flac,b/y.mid,N\n", "'n' and 'N' differ only in case"),
        ("audio,midi\nq.wav,q.mid\n", "no pairs of audio and MIDI in the layout csv (1 without a partner, "),
    ],
    ids=range(24),
)  # fmt: skip
def test_what_is_wrong_is_said(root: Path, text: str | bytes, complaint: str):
    assert complaint in refusal(root, text)


def test_no_csv(root: Path):
    with pytest.raises(DatasetError, match=r"set: holds no pairs\.csv\. Give the path of the csv itself\.$"):
        find_pairs("csv", root)
    with pytest.raises(DatasetError, match=r"none\.csv: there is no such folder"):
        find_pairs("csv", root / "none.csv")


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
@quick
def test_what_the_standard_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
):
    columns = ("audio", "midi", "x")
    path = write(tmp_path_factory.mktemp("csv"), table(columns, *rows))
    records = read_csv(path)
    assert [tuple(record.cells.values()) for record in records] == rows
    assert [record.where for record in records] == [f"{path}, line {line}" for line in range(2, len(rows) + 2)]


def test_names_are_tidied(root: Path):
    write(root, 'audio,midi,name\na/x.wav,a/x.mid,"two\nlines"\nb/y.flac,b/y.mid,e\u0301\n')
    assert [pair.name for pair in find_pairs("csv", root).pairs] == [r"two\nlines", "é"]
