"""The parts of a picture: rows of time, labels, the spectrum by key, notes sorted by their matches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.events import Note, Performance
from pianotrans.piano import LOWEST_KEY, N_KEYS
from pianotrans.views import Comparison, key_spectrum
from pianotrans.views.roll_layout import clock_label, lay_out
from pianotrans.views.spectrum import BANDS_PER_KEY


@given(st.floats(0, 5000), st.floats(0.01, 20_000), st.lists(st.integers(0, 127)))
def test_rows_cover_the_time_and_the_keys(start_s: float, length_s: float, keys: list[int]):
    layout = lay_out([Note(0, 1, key, 64) for key in keys], start_s, start_s + length_s)
    assert layout.starts_s[0] == start_s
    assert layout.starts_s[-1] < start_s + length_s <= layout.starts_s[-1] + layout.row_s + 1e-6
    assert len(layout.starts_s) <= 10
    assert layout.row_s / layout.tick_s <= 16
    assert 0 <= layout.lowest <= min(keys, default=60) <= max(keys, default=60) <= layout.highest <= 127
    assert layout.highest - layout.lowest >= 30


@pytest.mark.parametrize(
    ("length_s", "n_rows", "row_s"), [(18, 1, 18), (60, 2, 30), (300, 10, 30), (1800, 10, 180)]
)
def test_rows_are_of_round_length(length_s: float, n_rows: int, row_s: float):
    layout = lay_out([], 0.0, length_s)
    assert (len(layout.starts_s), layout.row_s) == (n_rows, row_s)


@pytest.mark.parametrize(
    ("seconds", "label"),
    [(0, "0:00"), (7.5, "0:07.5"), (59.96, "1:00"), (750, "12:30"), (3723, "1:02:03")],
)
def test_clock_labels(seconds: float, label: str):
    assert clock_label(seconds) == label


@pytest.mark.parametrize("key", [33, 48, 69, 100])
def test_a_tone_is_loudest_at_its_key(key: int):
    rate = 22_050
    tone = np.sin(2 * np.pi * 440 * 2 ** ((key - 69) / 12) * np.arange(rate) / rate).astype(np.float32)
    levels = key_spectrum([tone[None]], rate).levels
    assert levels.shape[0] == BANDS_PER_KEY * N_KEYS
    off = abs(int(levels[:, 15].argmax()) - ((key - LOWEST_KEY) * BANDS_PER_KEY + 1))
    assert off <= (1 if key < 40 else 0)  # bins of 4 Hz are wider than the lowest keys are apart


def test_an_attack_is_where_it_is():
    rate = 16_000
    noise = np.random.default_rng(0).normal(size=3 * rate).astype(np.float32)
    noise[: 2 * rate] = 0
    spectrum = key_spectrum([noise[None]], rate)
    attack = np.argmax(spectrum.levels.max(axis=0) > 0.9)
    assert attack * spectrum.hop_s == pytest.approx(2.0, abs=0.1)
    assert 3.0 <= spectrum.levels.shape[1] * spectrum.hop_s < 3.3


def test_blocks_and_channels_make_no_difference():
    noise = np.random.default_rng(0).normal(size=(1, 40_000)).astype(np.float32)
    whole = key_spectrum([noise], 16_000).levels
    parts = key_spectrum(np.split(np.repeat(noise, 2, axis=0), [7, 9000, 9001], axis=1), 16_000).levels
    np.testing.assert_allclose(parts.astype(float), whole.astype(float), atol=2e-3)


def test_silence_and_next_to_nothing_have_a_spectrum():
    for n_samples in (1, 100, 16_000):
        levels = key_spectrum([np.zeros((1, n_samples), np.float32)], 16_000).levels
        assert np.isfinite(levels).all()
        assert levels.shape[1] >= 1


def test_notes_are_sorted_by_their_matches():
    reference = Performance((Note(1, 2, 60, 64), Note(2, 3, 61, 64)))
    estimate = Performance((Note(1.01, 2, 60, 70), Note(5, 6, 62, 70)))
    found = Comparison.of(reference, estimate, [(0, 0)])
    assert found == Comparison((estimate.notes[0],), (reference.notes[1],), (estimate.notes[1],))
