"""The shipped weights on music."""

import numpy as np
import pytest

from pianotrans.datasets.hands import list_asap_hands
from pianotrans.events import Note, Performance
from pianotrans.score.hands.finding import HandFinder, split_hands
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.shipped import models_folder


@pytest.fixture(scope="module")
def finder() -> HandFinder:
    return HandFinder.load(models_folder() / "hands")


def test_a_melody_over_an_alberti_bass(finder: HandFinder):
    """Both hands above middle C, so that no split at C4 could tell them apart."""
    bass = [Note(i * 0.2, i * 0.2 + 0.19, 60 + (0, 7, 4, 7)[i % 4], 50) for i in range(64)]
    melody = [Note(i * 0.8, i * 0.8 + 0.7, 76 + (0, 3, 1, 5)[i % 4], 80) for i in range(16)]
    hands = finder.find(Performance((*bass, *melody)))
    key = np.array([note.key for note in Performance((*bass, *melody)).notes])
    assert np.mean(hands.hand == np.where(key >= 72, RIGHT, LEFT)) == 1


@pytest.mark.parametrize(("key", "hand"), [(88, RIGHT), (33, LEFT)])
def test_one_hand_alone_in_its_register(finder: HandFinder, key: int, hand: int):
    notes = tuple(Note(i * 0.25, i * 0.25 + 0.2, key + i % 5, 64) for i in range(60))
    assert np.mean(finder.find(Performance(notes)).hand == hand) > 0.75


def test_a_wide_chord_is_shared(finder: HandFinder):
    keys = (36, 43, 48, 67, 72, 76)
    notes = tuple(Note(i * 1.0, i * 1.0 + 0.9, key, 64) for i in range(8) for key in keys)
    assert finder.find(Performance(notes)).hand.tolist() == [LEFT, LEFT, LEFT, RIGHT, RIGHT, RIGHT] * 8


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "least"),
    [("Bach__Prelude__bwv_873__Lisiecki02", 0.96), ("Beethoven__Piano_Sonatas__5-1__Colafelice02M", 0.92)],
)
def test_staves_of_test_pieces(finder: HandFinder, shared, name: str, least: float):
    pieces = {piece.name: piece for piece in list_asap_hands(shared / "asap") if piece.split == "test"}
    handed = pieces[name].load()
    is_known = handed.hand > 0
    found = finder.find(handed.performance)
    assert np.mean((found.hand == handed.hand)[is_known]) > least
    assert np.mean((split_hands(handed.performance, 60).hand == handed.hand)[is_known]) < least
