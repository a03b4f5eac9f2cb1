"""What the network sees of a note."""

import numpy as np

from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.features import N_FEATURES, compute_features

N_PLACES, N_INTERVALS = 23, 61
ROLLS = slice(N_PLACES, N_PLACES + 4 * N_INTERVALS)


def table(onset_s: list[float], key: list[int], length_s: float = 0.2) -> NoteTable:
    onsets = np.array(onset_s, dtype=float)
    return NoteTable(onsets, onsets + length_s, np.array(key), np.full(len(key), 64), None)


def rolls(notes: NoteTable) -> np.ndarray:
    """(n_notes, roll, interval); rolls are together, held, before, after."""
    return compute_features(notes)[:, ROLLS].reshape(-1, 4, N_INTERVALS)


def test_rolls_tell_what_is_struck_together_and_what_is_held():
    found = rolls(table([0.0, 0.0, 0.15, 0.5], [48, 60, 64, 65]))
    assert np.flatnonzero(found[0, 0]).tolist() == [30 + 12]
    assert np.flatnonzero(found[1, 0]).tolist() == [30 - 12]
    assert np.flatnonzero(found[2, 1]).tolist() == [30 - 16, 30 - 4]
    assert np.flatnonzero(found[3, 1]).tolist() == []


def test_notes_before_and_after_count_by_their_distance():
    found = rolls(table([0.0, 0.4], [60, 67]))
    assert found[0, 3, 30 + 7] == found[1, 2, 30 - 7] == np.float32(np.exp(-1.0))
    assert found[0, 2].sum() == found[1, 3].sum() == 0


def test_wide_intervals_share_the_outermost_cell():
    found = rolls(table([0.0, 0.0, 0.0], [21, 100, 108]))
    assert found[0, 0, 60] == 2


def test_transposition_moves_only_where_keys_lie():
    notes = table([0.0, 0.0, 0.2, 0.3, 0.6], [48, 60, 64, 50, 72])
    higher = table([0.0, 0.0, 0.2, 0.3, 0.6], [53, 65, 69, 55, 77])
    one, other = compute_features(notes), compute_features(higher)
    key_column = ROLLS.stop
    kept = np.ones(N_FEATURES, dtype=bool)
    kept[:N_PLACES] = kept[key_column] = False
    np.testing.assert_allclose(one[:, kept], other[:, kept], atol=1e-5)


def test_later_notes_have_the_same_features():
    onset_s, key = [0.0, 0.0, 0.25, 0.375, 0.75], [48, 60, 64, 50, 72]
    early = compute_features(table(onset_s, key))
    late = compute_features(table([64 + time_s for time_s in onset_s], key))
    np.testing.assert_allclose(early, late, atol=1e-5)


def test_no_notes_and_one():
    assert compute_features(table([], [])).shape == (0, N_FEATURES)
    assert np.isfinite(compute_features(table([1.0], [60]))).all()
