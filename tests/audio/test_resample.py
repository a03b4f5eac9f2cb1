"""Resampling in blocks is resampling as a whole."""

from itertools import pairwise

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from pianotrans.audio import Block, from_array, resample

from .recordings import tones

RATES = [4_000, 8_000, 11_025, 44_099, 44_100, 48_000, 96_000, 192_000]


def joined(samples: Block, borders: list[int], from_rate: int, to_rate: int) -> Block:
    edges = [0, *sorted(borders), samples.shape[1]]
    blocks = (samples[:, begin:end] for begin, end in pairwise(edges))
    return np.concatenate(list(resample(blocks, from_rate, to_rate, samples.shape[0])), axis=1)


@settings(max_examples=60, deadline=None)
@given(
    n_samples=st.integers(200, 20_000),
    n_channels=st.integers(1, 3),
    from_rate=st.sampled_from(RATES),
    to_rate=st.sampled_from([16_000, 44_100]),
    data=st.data(),
)
def test_blocks_do_not_matter(n_samples: int, n_channels: int, from_rate: int, to_rate: int, data: st.DataObject):
    samples = np.random.default_rng(n_samples).normal(0, 0.3, (n_channels, n_samples)).astype(np.float32)
    borders = data.draw(st.lists(st.integers(0, n_samples), max_size=8))
    whole = soxr.resample(samples.T, from_rate, to_rate, quality="HQ").T
    streamed = joined(samples, borders, from_rate, to_rate)
    assert streamed.dtype == np.float32
    assert streamed.flags.c_contiguous
    assert abs(streamed.shape[1] - whole.shape[1]) <= 1
    n = min(streamed.shape[1], whole.shape[1])
    np.testing.assert_allclose(streamed[:, :n], whole[:, :n], atol=1e-6)


@pytest.mark.parametrize("from_rate", RATES)
def test_a_tone_stays_where_and_what_it_is(from_rate: int):
    resampled = joined(tones(1.0, from_rate), [100, 2_000], from_rate, 44_100)
    assert abs(resampled.shape[1] - 44_100) <= 1
    middle = slice(4_410, 39_690)  # away from the edges, where the filter sees half of it
    np.testing.assert_allclose(resampled[:, middle], tones(1.0)[:, middle], atol=1e-4)


def test_equal_rates_pass_through():
    block = tones(0.1)
    (same,) = resample(iter([block]), 44_100, 44_100, 1)
    assert same is block


def test_few_samples_and_none():
    assert joined(np.ones((1, 1), np.float32), [], 44_100, 48_000).shape == (1, 1)
    assert list(resample(iter([]), 48_000, 44_100, 2)) == []


def test_blocks_of_a_reader():
    reader = from_array(tones(5.0, 48_000, 2), 48_000)
    blocks = list(resample(reader.blocks(), 48_000, 44_100, 2))
    assert len(blocks) > 2
    assert sum(block.shape[1] for block in blocks) == 5 * 44_100


@pytest.mark.parametrize("cents", [-150, -45, 37.3])
def test_an_odd_ratio_stays_in_step_for_half_an_hour(cents):
    """A piano off pitch is corrected by resampling: nothing may drift."""
    rate, n_seconds, at_s = 8_000 * 2 ** (-cents / 1200), 1_800, 1_790
    blocks = (np.zeros((1, 8_000), np.float32) for _ in range(n_seconds))
    clicked = (block + (np.arange(8_000) == 0) * np.float32(i == at_s) for i, block in enumerate(blocks))
    n_before, peak, peak_at = 0, 0.0, 0
    for block in resample((block.astype(np.float32) for block in clicked), rate, 8_000, 1):
        highest = int(np.argmax(block[0]))
        if block[0, highest] > peak:
            peak, peak_at = block[0, highest], n_before + highest
        n_before += block.shape[1]
    assert peak_at == pytest.approx(at_s * 8_000 * 8_000 / rate, abs=1)
    assert n_before == pytest.approx(n_seconds * 8_000 * 8_000 / rate, abs=1)
