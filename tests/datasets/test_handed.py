"""Performances with hands: the two data sets that are read."""

import re
from pathlib import Path

import numpy as np
import pytest

from pianotrans.datasets.hands import list_asap_hands
from pianotrans.datasets.piano_midi_de import list_piano_midi_de_hands
from pianotrans.errors import DatasetError


@pytest.mark.shared
def test_asap_has_the_staves_of_aligned_performances(shared: Path):
    pieces = list_asap_hands(shared / "asap")
    splits = [piece.split for piece in pieces]
    assert [splits.count(split) for split in ("train", "validation", "test")] == [426, 85, 188]
    handed = pieces[0].load()
    assert (pieces[0].name, pieces[0].score) == ("Bach__Fugue__bwv_846__Shi05M", "Bach__Fugue__bwv_846")
    assert handed.hand.shape == (handed.performance.n_notes,)
    assert np.mean(handed.hand == 0) < 0.05
    key = np.array([note.key for note in handed.performance.notes])
    assert np.median(key[handed.hand == 1]) > 60 > np.median(key[handed.hand == 2])


@pytest.mark.shared
def test_piano_midi_de_has_the_hands_of_its_tracks(shared: Path):
    pieces = list_piano_midi_de_hands(shared / "piano-midi-de")
    assert len(pieces) == 337
    with np.load(shared / "piano-midi-de" / "pieces.npz") as file:
        staff, key, offsets = file["staff"], file["pv"][:, 0], file["off"]
    for i in (0, 100):
        handed, part = pieces[i].load(), slice(offsets[i], offsets[i + 1])
        found = [(note.key, hand) for note, hand in zip(handed.performance.notes, handed.hand, strict=True)]
        assert sorted(found) == sorted(zip(key[part].tolist(), staff[part].tolist(), strict=True))


def made_up(folder: Path, onset_delta: list[int], keys: list[int], staff: list[int]) -> Path:
    meta = '[{"id": "a", "composer": "Nobody", "title": "Nothing", "split": "train", "ts": [], "ks": []}]'
    np.savez(
        folder / "pieces.npz",
        onset_delta=np.array(onset_delta),
        dur=np.full(len(keys), 100),
        pv=np.array([[key, 64] for key in keys], dtype=np.uint8).reshape(-1, 2),
        staff=np.array(staff, dtype=np.int8),
        off=np.array([0, len(keys)]),
        beats=np.zeros((0, 2), dtype=int),
        boff=np.array([0, 0]),
        meta=np.array(meta),
    )
    return folder


def test_hands_follow_the_order_of_notes(tmp_path: Path):
    (piece,) = list_piano_midi_de_hands(made_up(tmp_path, [0, 0, 0, 2000], [72, 60, 48, 50], [1, 0, 2, 1]))
    handed = piece.load()
    assert [note.key for note in handed.performance.notes] == [48, 60, 72, 50]
    assert handed.hand.tolist() == [2, 0, 1, 1]
    assert (piece.composer, piece.score, piece.split) == ("Nobody", "Nobody/Nothing", "train")


def test_a_piece_without_notes(tmp_path: Path):
    (piece,) = list_piano_midi_de_hands(made_up(tmp_path, [], [], []))
    assert piece.load().hand.shape == (0,)


def test_missing_pieces_are_named(tmp_path: Path):
    with pytest.raises(DatasetError, match=re.escape("pieces.npz")):
        list_piano_midi_de_hands(tmp_path)
