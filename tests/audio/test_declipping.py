"""Clipped peaks: found where they are, restored outwards, and nothing else changes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pianotrans.audio.declipping import Declipper, clipped
from pianotrans.audio.degradation.levels import store_at

RATE = 22_050
ALMOST = 1 - 2**-14  # of the level at which peaks are cut off


def strings(duration_s: float = 4.0) -> NDArray[np.float32]:
    """Struck strings, two channels, the loudest sample at full scale."""
    random = np.random.default_rng(4)
    time_s = np.arange(round(duration_s * RATE)) / RATE
    sound = np.zeros((2, len(time_s)))
    for onset_s in np.arange(0.1, duration_s, 0.4):
        since_s = np.maximum(time_s - onset_s, 0)
        hz = 440 * 2 ** (random.integers(-30, 20) / 12)
        waves = sum(np.sin(2 * np.pi * k * hz * since_s) / k**1.5 * np.exp(-k * since_s) for k in range(1, 8))
        sound += random.uniform(0.3, 1, (2, 1)) * np.where(since_s > 0, waves, 0)
    return (sound / np.abs(sound).max()).astype(np.float32)


def restored(samples: NDArray[np.float32], n_blocks: int = 1) -> tuple[NDArray[np.float32], Declipper]:
    declipper = Declipper(len(samples))
    blocks = declipper.restore(np.array_split(samples, n_blocks, axis=1))
    return np.concatenate([samples[:, :0], *blocks], axis=1), declipper


def distortion_db(samples: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.sum(np.square(samples - truth)) / np.sum(np.square(truth))))


@pytest.mark.parametrize("gain_db", [6.0, 12.0])
def test_most_of_the_distortion_goes_and_whole_samples_stay(gain_db: float):
    truth = strings() * np.float32(10 ** (gain_db / 20))
    harmed = store_at(strings(), gain_db)
    made, declipper = restored(harmed)
    assert distortion_db(made, truth) < distortion_db(harmed, truth) - 10
    is_clipped = np.abs(truth) >= ALMOST
    np.testing.assert_array_equal(made[~is_clipped], harmed[~is_clipped])
    assert (np.abs(made) >= np.abs(harmed)).all()
    assert (np.sign(made) == np.sign(harmed)).all()
    (remark,) = declipper.remarks()
    assert remark.values["clipped_share"] == pytest.approx(is_clipped.mean(), abs=0.002)


def test_blocks_make_no_difference():
    harmed = store_at(strings(), 12.0)
    np.testing.assert_array_equal(restored(harmed)[0], restored(harmed, 23)[0])


def test_what_is_whole_stays_as_it_is():
    quiet = store_at(strings(), -40.0)  # 300 steps of 16 bits: its peaks are flat
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 3 * RATE)).astype(np.float32)
    for samples in (strings(), store_at(strings(), 0.0), quiet, noise, np.zeros((2, RATE), np.float32)):
        made, declipper = restored(samples, 5)
        np.testing.assert_array_equal(made, samples)
        assert [*declipper.remarks()] == []


def test_each_side_and_channel_is_looked_at_by_itself():
    samples = strings()
    samples[1] = np.minimum(samples[1], 0.3)
    signs = [clipped(channel) for channel in samples]
    assert not signs[0].any()
    np.testing.assert_array_equal(signs[1], samples[1] >= np.float32(0.3 * ALMOST))
    made, _ = restored(samples)
    np.testing.assert_array_equal(made[0], samples[0])
    assert made[1].max() > 0.4


@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_short_recordings(n: int):
    samples = np.ones((1, n), np.float32)
    np.testing.assert_array_equal(restored(samples)[0], samples)
