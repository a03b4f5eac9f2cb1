"""MAPS: its folders, its usual split, its text files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.datasets import (
    UNKNOWN_VELOCITY,
    find_pairs,
    knows_velocity,
    load_maps_text,
    load_reference,
)
from pianotrans.datasets.maps import list_maps
from pianotrans.errors import DatasetError
from pianotrans.events import Note, Performance, midi_bytes
from tests.datasets.trees import contents, one_line, touch, unmatched
from tests.events.strategies import quick

HEADER = "OnsetTime\tOffsetTime\tMidiPitch\r\n"


def stem(piano: str, subset: str = "MUS", piece: str = "chpn_op25_e3") -> str:
    return f"{piano}/{subset}/MAPS_{subset}-{piece}_{piano}"


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    for piano in ("AkPnBcht", "ENSTDkAm", "ENSTDkCl", "StbgTGd2"):
        for suffix in (".wav", ".mid", ".txt"):
            touch(tmp_path, stem(piano) + suffix)
    isolated = "ENSTDkAm/ISOL/NO/MAPS_ISOL_NO_F_S0_M23_ENSTDkAm"
    return touch(
        tmp_path,
        *(isolated + ".wav", isolated + ".txt"),
        *("AkPnBcht/RAND/P3/MAPS_RAND_P3_1_AkPnBcht.wav", "AkPnBcht/RAND/P3/MAPS_RAND_P3_1_AkPnBcht.mid"),
        *("AkPnBcht/readme.mid", "train/x.opus", "train/x.mid"),
    )


@pytest.mark.parametrize("layout", ["maps", None])
def test_music_with_the_usual_split(maps: Path, layout: str | None):
    listing = find_pairs(layout, maps)
    assert contents(listing) == {
        stem(piano): (stem(piano) + ".wav", stem(piano) + ".mid")
        for piano in ("AkPnBcht", "ENSTDkAm", "ENSTDkCl", "StbgTGd2")
    }
    assert [(pair.group, pair.split, pair.duration_s) for pair in listing.pairs] == [
        ("AkPnBcht", "train", None),
        ("ENSTDkAm", "test", None),
        ("ENSTDkCl", "test", None),
        ("StbgTGd2", "train", None),
    ]
    assert listing.unmatched == ()
    assert len(find_pairs("maps", maps, "test").pairs) == 2


def test_other_subsets_when_asked_for(maps: Path):
    listing = list_maps(maps, ["ISOL", "RAND"])
    assert [(pair.name.rpartition("/")[2], pair.group, pair.split, pair.midi.suffix) for pair in listing.pairs] == [
        ("MAPS_RAND_P3_1_AkPnBcht", "AkPnBcht", "train", ".mid"),
        ("MAPS_ISOL_NO_F_S0_M23_ENSTDkAm", "ENSTDkAm", "test", ".txt"),
    ]
    assert list_maps(maps, ["UCHO"]).pairs == ()
    with pytest.raises(DatasetError, match=r"^subset 'mus' is not one of MAPS\. Use MUS, ISOL, RAND, UCHO\.$"):
        list_maps(maps, ["MUS", "mus"])


@pytest.mark.parametrize("below", ["ENSTDkAm", "ENSTDkAm/MUS"])
@pytest.mark.parametrize("layout", ["maps", None])
def test_one_piano_alone(maps: Path, monkeypatch: pytest.MonkeyPatch, layout: str | None, below: str):
    for root in (maps / below, Path()):
        monkeypatch.chdir(maps / below)
        (pair,) = find_pairs(layout, root).pairs
        assert (pair.group, pair.split) == ("ENSTDkAm", "test")
        assert pair.audio.is_file()


def test_unzipped_deeper(maps: Path):
    (maps / "outer").mkdir()
    (maps / "outer" / "ENSTDkAm_1").symlink_to(maps / "ENSTDkAm")
    assert [pair.group for pair in find_pairs("maps", maps / "outer").pairs] == ["ENSTDkAm_1"]
    touch(maps / "deep", "zip1/ENSTDkCl/MUS/x.wav", "zip1/ENSTDkCl/MUS/x.txt")
    (pair,) = find_pairs("maps", maps / "deep").pairs
    assert (pair.name, pair.group, pair.split) == ("zip1/ENSTDkCl/MUS/x", "ENSTDkCl", "test")


def test_what_has_no_partner_is_listed(maps: Path):
    (maps / (stem("AkPnBcht") + ".wav")).unlink()
    (maps / (stem("ENSTDkAm") + ".mid")).unlink()  # its text remains
    (maps / (stem("ENSTDkCl") + ".mid")).unlink()
    (maps / (stem("ENSTDkCl") + ".txt")).unlink()
    listing = find_pairs("maps", maps)
    assert unmatched(listing) == [
        f"{stem('AkPnBcht')}: no audio file for {stem('AkPnBcht')}.mid",
        f"{stem('ENSTDkCl')}: no MIDI or .txt file for {stem('ENSTDkCl')}.wav",
    ]
    assert [(one.split, one.group) for one in listing.unmatched] == [("train", "AkPnBcht"), ("test", "ENSTDkCl")]
    assert [(pair.group, knows_velocity(pair.midi)) for pair in listing.pairs] == [
        ("ENSTDkAm", False),
        ("StbgTGd2", True),
    ]


def test_the_innermost_folder_tells_the_piano(tmp_path: Path):
    touch(tmp_path, "music/MUS/ENSTDkCl/MUS/x.wav", "music/MUS/ENSTDkCl/MUS/x.mid")
    (pair,) = find_pairs("maps", tmp_path / "music" / "MUS").pairs
    assert (pair.group, pair.split) == ("ENSTDkCl", "test")


@pytest.mark.shared
def test_the_shared_copy(shared: Path):
    """It has pairs.csv besides, which must tell the same of the real pianos."""
    root = shared / "maps"
    listing = find_pairs("maps", root)
    indexed = find_pairs("csv", root, "test")
    assert contents(listing) == contents(indexed)
    assert {p.name: p.group for p in listing.pairs} == {p.name: p.group for p in indexed.pairs}
    assert listing.splits == ("test",)
    assert all(len(load_reference(pair.midi).notes) > 100 for pair in listing.pairs)
    with pytest.raises(
        DatasetError, match=r"maps: looks like the layouts maps \(ENSTDkAm/MUS\) and csv \(pairs\.csv"
    ):
        find_pairs(None, root)


# The text files


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "MAPS_MUS-x_ENSTDkCl.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_text_is_read(tmp_path: Path):
    path = write(tmp_path, HEADER + "1.5\t2.25\t60\r\n0.500004\t0.6\t21\r\n\r\n3\t3\t64\r\n")
    expected = Performance(
        (Note(0.500004, 0.6, 21, UNKNOWN_VELOCITY), Note(1.5, 2.25, 60, UNKNOWN_VELOCITY)), duration_s=2.25
    )
    assert load_maps_text(path) == expected
    assert load_reference(path) == expected
    assert load_reference(path.rename(path.with_suffix(".TXT"))) == expected


def test_midi_is_read_as_midi(tmp_path: Path):
    performance = Performance((Note(0.5, 1.0, 60, 17),), duration_s=1.0)
    path = tmp_path / "x.MID"
    path.write_bytes(midi_bytes(performance))
    assert load_reference(path) == performance


def test_text_without_notes(tmp_path: Path):
    assert load_maps_text(write(tmp_path, HEADER)) == Performance()


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(1e-3, 9), st.integers(21, 108)), max_size=20))
@quick
def test_text_agrees_with_numpy(tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[float, float, int]]):
    lines = [f"{onset!r}\t{onset + length!r}\t{key}" for onset, length, key in spans]
    path = write(tmp_path_factory.mktemp("text"), HEADER + "\n".join(lines))
    theirs = np.loadtxt(path, skiprows=1, ndmin=2).reshape(-1, 3) if spans else np.zeros((0, 3))
    ours = sorted((note.onset_s, note.offset_s, note.key) for note in load_maps_text(path).notes)
    assert ours == sorted(map(tuple, theirs.tolist()))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "does not begin with the line OnsetTime OffsetTime MidiPitch"),
        ("1.0 2.0 60\n", "does not begin with the line"),
        (HEADER + "1.0 2.0 60\n1.0 2.0\n", "line 3: '1.0 2.0' is not an onset, an offset and a key. Copy"),
        (HEADER + "1.0 2.0 60 64\n", "line 2: '1.0 2.0 60 64' is not an onset, an offset and a key. Copy"),
        (HEADER + "1.0 zwei 60\n", "line 2: '1.0 zwei 60' is not an onset"),
        (HEADER + "1.0 2.0 60.5\n", "line 2: '1.0 2.0 60.5' is not an onset"),
        (HEADER + "2.0 1.0 60\n", "line 2: '2.0 1.0 60' is not an onset, an offset and a key (note of key 60"),
        (HEADER + "-1 -1 60\n", "line 2: '-1 -1 60' is not an onset"),
        (HEADER + "nan 1.0 60\n", "from nan s to 1.0 s"),
        (HEADER + "1.0 inf 60\n", "from 1.0 s to inf s"),
        (HEADER + "1.0 2.0 128\n", "key 128. It must be a whole number from 0 to 127"),
        (b"\xff\xfeO\0n\0", "NUL bytes"),
        (HEADER.encode() + b"1 2 \xe9", "line 2 is not UTF-8 text (byte 0xe9)"),
        (HEADER + "x" * 100_000, "xxx…xxx"),
    ],
)  # fmt: skip
def test_other_text_is_refused(tmp_path: Path, text: str | bytes, complaint: str):
    with pytest.raises(DatasetError, match=r"MAPS_MUS-x_ENSTDkCl\.txt") as caught:
        load_maps_text(write(tmp_path, text))
    assert complaint in one_line(caught)


def test_missing_text(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"x\.txt: cannot be read \(No such file or directory\)"):
        load_maps_text(tmp_path / "x.txt")
