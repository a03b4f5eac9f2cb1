"""Performances with beats: the two data sets that are read."""

import re
from pathlib import Path

import numpy as np
import pytest

from pianotrans.datasets.asap import list_asap, read_beats
from pianotrans.datasets.beats import TimeSignatureChange
from pianotrans.datasets.piano_midi_de import list_piano_midi_de
from pianotrans.errors import DatasetError


@pytest.mark.shared
def test_asap_has_its_performances_in_three_splits(shared: Path):
    pieces = list_asap(shared / "asap")
    splits = [piece.split for piece in pieces]
    assert [splits.count(split) for split in ("train", "validation", "test")] == [429, 85, 188]
    scores = [
        {piece.score for piece in pieces if piece.split == split} for split in ("train", "validation", "test")
    ]
    assert len(scores[0] | scores[1] | scores[2]) == sum(map(len, scores))
    piece = pieces[0]
    assert (piece.name, piece.composer) == ("Bach__Fugue__bwv_846__Shi05M", "Bach")
    assert piece.beats.times_s[:4] == pytest.approx([1.095052, 2.364583, 3.66276, 4.924479])
    assert piece.beats.is_downbeat[:8].tolist() == [False, False, False, True, False, False, False, True]
    assert piece.beats.time_signatures == (TimeSignatureChange(4.924479, 4, 4),)
    assert piece.beats.key_signatures[0].fifths == 0
    assert piece.load().n_notes == 754


@pytest.mark.shared
def test_piano_midi_de_has_its_pieces(shared: Path):
    pieces = list_piano_midi_de(shared / "piano-midi-de")
    assert len(pieces) == 337
    piece = pieces[0]
    assert (piece.composer, piece.split, piece.knows_pedals) == ("Albeniz", "train", False)
    performance = piece.load()
    assert performance.n_notes > 500
    assert piece.beats.times_s[:3] == pytest.approx([0.0, 0.642, 1.26])
    onsets_s = np.array([note.onset_s for note in performance.notes])
    distance_s = np.abs(onsets_s[None] - piece.beats.times_s[:, None]).min(axis=1)
    assert np.median(distance_s) < 0.005


def test_beats_are_read_line_by_line(tmp_path: Path):
    path = tmp_path / "beats.txt"
    path.write_text("0.5\t0.5\tb,,-3\n1.0\t1.0\tdb,6/8\n1.5\t1.5\tbR\n")
    beats = read_beats(path)
    assert beats.is_downbeat.tolist() == [False, True, False]
    assert beats.is_certain.tolist() == [True, True, False]
    assert beats.time_signatures[0].n_beats == 2
    assert beats.key_signatures[0].fifths == -3
    assert beats.downbeats_s.tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5\t0.5\n", "line 1"),
        ("x\t0\tb\n", "line 1"),
        ("0\t0\tdb,3\n", "line 1"),
        ("2\t2\tb\n1\t1\tb\n", "in order"),
    ],
)
def test_beats_that_are_none_are_refused(tmp_path: Path, text: str, message: str):
    path = tmp_path / "beats.txt"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_beats(path)


def test_an_unknown_split_is_refused(tmp_path: Path):
    (tmp_path / "performances.csv").write_text("id,composer,split,score\na,Bach,dev,a\n")
    with pytest.raises(DatasetError, match="'dev'"):
        list_asap(tmp_path)


def test_missing_pieces_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match=re.escape("pieces.npz")):
        list_piano_midi_de(tmp_path)


@pytest.mark.parametrize(
    ("numerator", "n_beats"), [(2, 2), (3, 3), (4, 4), (5, 5), (6, 2), (7, 7), (9, 3), (12, 4), (24, 8)]
)
def test_compound_meters_have_a_beat_for_three_notes(numerator: int, n_beats: int):
    assert TimeSignatureChange(0.0, numerator, 8).n_beats == n_beats
