"""Moments and what the network sees of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.events import SUSTAIN, Note, Pedal, Performance
from pianotrans.score.beats.features import N_FEATURES, N_KEYS, compute_features
from pianotrans.score.beats.notes import NoteTable, find_moments
from pianotrans.score.beats.periods import LONGEST_S, N_PERIODS, SHORTEST_S, bin_shares, period_targets


def table(*notes: tuple[float, float, int]) -> NoteTable:
    performance = Performance(
        tuple(Note(onset_s, offset_s, key, 60 + i % 20) for i, (onset_s, offset_s, key) in enumerate(notes)),
        (Pedal(0.5, 1.5, SUSTAIN),),
    )
    return NoteTable.from_performance(performance)


def scale(n: int = 40) -> NoteTable:
    return table(*((0.21 * i, 0.21 * i + 0.15, 48 + i % 24) for i in range(n)))


def test_notes_struck_together_are_one_onset():
    moments = find_moments(np.array([1.0, 1.01, 1.02, 1.2, 1.29]))
    assert moments.of_note.tolist() == [0, 0, 0, 1, 2]
    np.testing.assert_allclose(moments.time_s, [1.01, 1.2, 1.29])
    assert moments.is_onset.all()


def test_a_fast_run_is_not_one_onset():
    assert find_moments(np.arange(20) * 0.025).n_moments > 5


def test_long_gaps_are_filled():
    moments = find_moments(np.array([0.0, 0.3, 1.3]))
    assert moments.is_onset.tolist() == [True, True, *[False] * 7, True]
    assert moments.of_note.tolist() == [0, 1, 9]
    assert np.diff(moments.time_s[1:]) == pytest.approx(0.125)


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=60))
def test_moments_are_in_order_and_onsets_near_their_notes(onsets_s: list[float]):
    onset_s = np.sort(np.array(onsets_s))
    moments = find_moments(onset_s)
    assert np.all(np.diff(moments.time_s) > 0)
    assert moments.is_onset[moments.of_note].all()
    assert np.all(np.abs(moments.time_s[moments.of_note] - onset_s) <= 0.05)
    assert set(np.flatnonzero(moments.is_onset)) == set(moments.of_note.tolist())


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_notes_have_features(n: int):
    notes = table(*((0.5 * i, 0.5 * i + 0.4, 60) for i in range(n)))
    moments = find_moments(notes.onset_s)
    features = compute_features(notes, moments)
    assert features.shape == (moments.n_moments, N_FEATURES)
    assert np.isfinite(features).all()


@settings(deadline=None, max_examples=20)
@given(st.floats(-3, 3))
def test_features_do_not_depend_on_when_the_piece_begins(log_shift: float):
    shift_s = 10**log_shift
    notes = scale()
    later = NoteTable(
        notes.onset_s + shift_s, notes.offset_s + shift_s, notes.key, notes.velocity, notes.pedals_s + shift_s
    )
    found = [compute_features(x, find_moments(x.onset_s)) for x in (notes, later)]
    np.testing.assert_allclose(*found, atol=2e-2)


def test_transposition_moves_the_keys_and_leaves_the_rhythm():
    notes = scale()
    higher = NoteTable(notes.onset_s, notes.offset_s, notes.key + 5, notes.velocity, notes.pedals_s)
    moments = find_moments(notes.onset_s)
    low, high = compute_features(notes, moments), compute_features(higher, moments)
    np.testing.assert_array_equal(low[:, : N_KEYS - 5], high[:, 5:N_KEYS])
    np.testing.assert_array_equal(low[:, -N_PERIODS:], high[:, -N_PERIODS:])


def test_the_rhythm_shows_the_interval_between_onsets():
    notes = table(*((0.5 * i, 0.5 * i + 0.1, 60) for i in range(40)))
    moments = find_moments(notes.onset_s)
    features = compute_features(notes, moments)[:, -2 * N_PERIODS : -N_PERIODS]
    (low, share), (high, _) = bin_shares(np.array([0.5]))
    expected = low[0] if share[0] > 0.5 else high[0]
    assert features[20].max() == pytest.approx(features[20, expected], rel=0.3)
    assert features[20, :10].max() < 0.1 * features[20].max()


def test_shares_of_bins_sum_to_one_within_the_range():
    period_s = np.array([SHORTEST_S, 0.5, 1.234, LONGEST_S, 5.0, 0.01])
    (_, low), (_, high) = bin_shares(period_s)
    np.testing.assert_allclose(low + high, [1, 1, 1, 1, 0, 0])


def test_targets_peak_at_their_period():
    targets = period_targets(np.array([0.32, 1.28]))
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    assert targets.argmax(axis=1).tolist() == [8, 24]
