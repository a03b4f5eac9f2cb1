"""How notes are spelled."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.score.pitch import KeySignature
from pianotrans.score.spelling.spelling import spell


def names(keys, fifths, *, staff=1, together=1):
    n = len(keys)
    position = [Fraction(i // together, 2) for i in range(n)]
    found = spell(
        np.array(keys, dtype=np.int64),
        position,
        np.full(n, staff),
        np.zeros(n, dtype=np.int64),
        (KeySignature(fifths),),
    )
    assert [spelling.key for spelling in found] == list(keys)
    return " ".join(spelling.name for spelling in found)


def test_c_major_scale():
    assert names([60, 62, 64, 65, 67, 69, 71, 72], 0) == "C4 D4 E4 F4 G4 A4 B4 C5"


def test_e_flat_minor():
    scale = [63, 65, 66, 68, 70, 71, 74, 75]
    assert names(scale, -6) == "Eb4 F4 Gb4 Ab4 Bb4 Cb5 D5 Eb5"
    assert names(scale, 6) == "D#4 E#4 F#4 G#4 A#4 B4 C##5 D#5"


def test_harmonic_minor_raises_its_leading_tone():
    assert names([69, 71, 72, 74, 76, 77, 80, 81], 0) == "A4 B4 C5 D5 E5 F5 G#5 A5"


@pytest.mark.parametrize(("tonic", "fifths", "leading"), [(60, 0, "F#4"), (67, 1, "C#5"), (65, -1, "B4")])
def test_a_leading_tone_to_the_dominant(tonic, fifths, leading):
    keys = [tonic, tonic + 4, tonic + 7, tonic + 6, tonic + 7, tonic + 4, tonic]
    assert names(keys, fifths).split()[3] == leading


def test_chords_of_the_dominant_seventh():
    assert names([55, 59, 62, 65, 60, 64, 67, 72], 0, together=4) == "G3 B3 D4 F4 C4 E4 G4 C5"
    assert names([57, 61, 64, 67, 62, 65, 69, 74], -1, together=4) == "A3 C#4 E4 G4 D4 F4 A4 D5"


@pytest.mark.parametrize("repeats", [1, 40])
def test_one_note(repeats):
    assert set(names([61] * repeats, -5).split()) == {"Db4"}


def test_no_notes():
    assert spell(*[np.zeros(0, dtype=np.int64)] * 4, ()) == ()


@given(
    st.lists(st.tuples(st.integers(40, 80), st.integers(0, 40), st.integers(1, 2)), min_size=1, max_size=30),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
def test_transposing_notes_and_signature_transposes_spellings(notes, fifths, by):
    key, eighths, staff = (np.array(column, dtype=np.int64) for column in zip(*notes, strict=True))
    position = [Fraction(n, 2) for n in eighths.tolist()]
    bars = np.zeros(len(notes), dtype=np.int64)
    first = spell(key, position, staff, bars, (KeySignature(fifths),))
    second = spell(key + 7 * by, position, staff, bars, (KeySignature(fifths + by),))
    for before, after in zip(first, second, strict=True):
        assert (after.fifths - before.fifths - by) % 12 == 0
        assert after.fifths - before.fifths == by or not -13 <= before.fifths + by <= 17
