"""Any folder and Saarland Music Data: matching by names, and odd folders and names."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.datasets import find_pairs
from pianotrans.datasets.files import walk_files
from pianotrans.datasets.matching import match_files
from pianotrans.errors import DatasetError
from tests.commands.driving import as_nobody
from tests.datasets.trees import contents, one_line, touch, unmatched
from tests.events.strategies import quick

links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
posix_names = pytest.mark.skipif(sys.platform != "linux", reason="such names do not exist there")


@pytest.mark.parametrize("layout", ["folder", None])
def test_equal_stems_in_equal_folders(tmp_path: Path, layout: str | None):
    touch(
        tmp_path,
        *("b.wav", "b.mid", "a/b.flac", "a/b.MIDI", "a/Op. 10 No. 3.m4a", "a/Op. 10 No. 3.mid"),
        *("a/audio only.wav", "midi only.mid", "c/b.txt", "c/b.pdf", ".hidden/x.wav", ".hidden/x.mid", "a/._b.wav"),
    )
    listing = find_pairs(layout, tmp_path)
    assert contents(listing) == {
        "a/Op. 10 No. 3": ("a/Op. 10 No. 3.m4a", "a/Op. 10 No. 3.mid"),
        "a/b": ("a/b.flac", "a/b.MIDI"),
        "b": ("b.wav", "b.mid"),
    }
    assert unmatched(listing) == [
        "a/audio only: no MIDI file for a/audio only.wav",
        "midi only: no audio file for midi only.mid",
    ]
    assert {(pair.split, pair.group, pair.duration_s) for pair in listing.pairs} == {(None, None, None)}


def test_every_suffix_of_midi_counts_in_any_case(tmp_path: Path):
    touch(tmp_path, *(f"{i}.wav" for i in range(4)), "0.mid", "1.midi", "2.rmi", "3.RMI")
    assert [pair.midi.name for pair in find_pairs("folder", tmp_path).pairs] == [
        "0.mid",
        "1.midi",
        "2.rmi",
        "3.RMI",
    ]


def test_lossless_audio_is_preferred_then_large(tmp_path: Path):
    touch(tmp_path, "x.mp3", "x.flac", "x.opus", "x.mid", "44/y.wav", "22/y.wav", "y.mid")
    (tmp_path / "x.mp3").write_bytes(b"much")
    (tmp_path / "44/y.wav").write_bytes(b"much")
    assert contents(find_pairs("smd", tmp_path)) == {"x": ("x.flac", "x.mid"), "y": ("44/y.wav", "y.mid")}


def test_two_midi_files_of_one_recording(tmp_path: Path):
    touch(tmp_path, "a/x.wav", "a/x.mid", "a/x.midi")
    with pytest.raises(DatasetError, match=r"a/x\.mid and a/x\.midi are the MIDI of one recording\. Keep the true"):
        find_pairs("folder", tmp_path)


def test_two_midi_files_without_audio_are_listed(tmp_path: Path):
    touch(tmp_path, "x.wav", "x.mid", "y.mid", "y.midi")
    assert unmatched(find_pairs("folder", tmp_path)) == ["y: no audio file for y.mid and y.midi"]


files = st.lists(
    st.builds(
        lambda folder, stem, suffix: Path(folder, stem + suffix),
        st.sampled_from(["", "a", "a/b"]),
        st.sampled_from(["x", "y", "x.1", "é"]),
        st.sampled_from([".wav", ".WAV", ".mid", ".txt", ".pdf", ""]),
    ),
    unique=True,
)


@given(files)
@quick
def test_every_file_is_in_a_pair_or_listed(tmp_path_factory: pytest.TempPathFactory, files: list[Path]):
    root = touch(tmp_path_factory.mktemp("tree"), *map(str, files))
    pairs, alone = match_files(root, files)

    audio = {str(file)[:-4] for file in files if file.suffix.lower() == ".wav"}
    midi = {str(file)[:-4] for file in files if file.suffix == ".mid"}
    assert [pair.name for pair in pairs] == sorted(audio & midi)
    assert [one.name for one in alone] == sorted(audio ^ midi)
    for pair in pairs:
        assert pair.audio.relative_to(root).with_suffix("") == pair.midi.relative_to(root).with_suffix("")
        assert {pair.audio.relative_to(root), pair.midi.relative_to(root)} <= set(files)


# Saarland Music Data

BACH, MOZART = "Bach_BWV849-01_001_20090916-SMD", "Mozart_KV265_006_20110315-SMD"


@pytest.mark.parametrize("audio", ["wav_44100_stereo/{}.wav", "mp3/{}.mp3", "{}.mp3"])
@pytest.mark.parametrize("midi", ["midi/{}.mid", "{}.mid"])
@pytest.mark.parametrize("layout", ["smd", None])
def test_smd(tmp_path: Path, layout: str | None, audio: str, midi: str):
    touch(tmp_path, *(form.format(stem) for form in (audio, midi) for stem in (BACH, MOZART)))
    touch(tmp_path, f"csv/{BACH}.csv", "midi/Ravel_X_001_20090916-SMD.mid", "wav/odd.wav")
    listing = find_pairs(layout, tmp_path)
    assert listing.layout == "smd"
    assert contents(listing) == {stem: (audio.format(stem), midi.format(stem)) for stem in (BACH, MOZART)}
    assert [(pair.group, pair.split) for pair in listing.pairs] == [("Bach", None), ("Mozart", None)]
    assert [(one.name, one.group) for one in listing.unmatched] == [
        ("Ravel_X_001_20090916-SMD", "Ravel"),
        ("odd", None),
    ]


def test_siblings_without_a_pair_in_one_folder(tmp_path: Path):
    touch(tmp_path, "audio/x.wav", "midi/x.mid")
    alone = r"\(2 without a partner, such as audio/x: no MIDI file for audio/x\.wav\)"
    with pytest.raises(DatasetError, match=alone + r".* layout smd for sibling folders\.$"):
        find_pairs("folder", tmp_path)
    assert contents(find_pairs("smd", tmp_path)) == {"x": ("audio/x.wav", "midi/x.mid")}


# Odd names


@posix_names
def test_names_that_differ_only_in_case(tmp_path: Path):
    touch(tmp_path, "Take.wav", "Take.mid", "take.wav", "take.mid")
    with pytest.raises(DatasetError, match=r"'Take' and 'take' differ only in case\. Rename one of them\.$"):
        find_pairs("folder", tmp_path)


@posix_names
def test_partners_that_differ_in_case_are_none(tmp_path: Path):
    touch(tmp_path, "x.wav", "x.mid", "Take.wav", "take.mid")
    assert [one.name for one in find_pairs("folder", tmp_path).unmatched] == ["Take", "take"]


def test_composed_and_decomposed_unicode_are_one(tmp_path: Path):
    name = "Frédéric 夜想曲 🎹"
    touch(tmp_path, unicodedata.normalize("NFD", name) + ".wav", unicodedata.normalize("NFC", name) + ".mid")
    (pair,) = find_pairs("folder", tmp_path).pairs
    assert pair.name == unicodedata.normalize("NFC", name)
    assert pair.audio.is_file()
    assert pair.midi.is_file()


@posix_names
def test_names_that_cannot_be_printed_are_escaped(tmp_path: Path):
    for name in (b"a\nb.wav", b"a\nb.mid", b"\xe9.wav", b"\xe9.mid", b"\xff.wav"):
        (tmp_path / os.fsdecode(name)).touch()
    listing = find_pairs("folder", tmp_path)
    assert [pair.name for pair in listing.pairs] == [r"\xe9", r"a\nb"]
    assert all(pair.audio.is_file() and pair.midi.is_file() for pair in listing.pairs)
    assert unmatched(listing) == [r"\xff: no MIDI file for \xff.wav"]


def test_long_names_are_shortened_in_messages(tmp_path: Path):
    long = "x" * 240
    touch(tmp_path, f"{long}.wav", "y.mid")
    with pytest.raises(DatasetError, match="x…x") as caught:
        find_pairs("folder", tmp_path)
    one_line(caught)
    (listed,) = unmatched(find_pairs("folder", touch(tmp_path, "y.wav")))
    assert len(listed) < 400


@pytest.mark.skipif(sys.platform == "win32", reason="the message is another there")
@pytest.mark.parametrize("layout", ["folder", "maestro", "csv", None])
def test_a_path_longer_than_any_can_be(tmp_path: Path, layout: str | None):
    with pytest.raises(DatasetError, match=r"cannot be read as a folder \(File name too long\)") as caught:
        find_pairs(layout, tmp_path / ("x" * 5000))
    one_line(caught)


# Links and permissions


@links
def test_loops_end_and_links_are_followed_once(tmp_path: Path):
    root = touch(tmp_path / "root", "a/x.wav", "a/x.mid")
    touch(tmp_path / "elsewhere", "y.wav", "y.mid")
    (root / "a/loop").symlink_to(root)
    (root / "a/itself").symlink_to(root / "a/itself")
    (root / "again").symlink_to(root / "a")
    (root / "disk2").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(root / "a")
    (root / "dead.wav").symlink_to(tmp_path / "nowhere.wav")
    (root / "linked.wav").symlink_to(root / "a/x.wav")
    (root / "linked.mid").symlink_to(root / "a/x.mid")
    assert sorted(contents(find_pairs("folder", root))) == ["a/x", "disk2/y", "linked"]
    assert len(walk_files(root)) == 6
    assert sorted(contents(find_pairs("folder", root / "again"))) == ["loop/disk2/y", "loop/linked", "x"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another matter there")
def test_a_closed_folder_is_named(tmp_path: Path):
    touch(tmp_path, "x.wav", "x.mid", "closed/y.wav")
    (tmp_path / "closed").chmod(0)
    try:
        with as_nobody(), pytest.raises(DatasetError, match=r"cannot be read as a folder \(Permission denied\)"):
            find_pairs("folder", tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
