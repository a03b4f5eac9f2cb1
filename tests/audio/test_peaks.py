"""The peaks of a waveform, however the blocks are cut."""

from itertools import pairwise

import numpy as np
import pytest

from pianotrans.audio import MP3_RATE, PEAKS_PER_S, PeakMeter, encode_mp3, from_array


def peaks(samples: np.ndarray, cuts: list[int]) -> bytes:
    meter = PeakMeter(MP3_RATE)
    for begin, end in pairwise([0, *cuts, samples.shape[1]]):
        meter.add(samples[:, begin:end])
    return meter.read()


@pytest.mark.parametrize("cuts", [[], [1], [882, 883, 883, 3000], list(range(0, 10_000, 77))])
def test_every_fiftieth_of_a_second_has_its_loudest_sample(cuts: list[int]):
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 10_000)).astype(np.float32)
    samples[:, 882:1764] = 0
    loudest = [np.abs(samples[:, at : at + 882]).max() for at in range(0, 10_000, 882)]
    assert list(peaks(samples, cuts)) == [round(255 * float(peak) ** 0.5) for peak in loudest]


def test_of_nothing_there_are_none():
    assert PeakMeter(MP3_RATE).read() == b""


def test_they_are_those_of_what_is_encoded():
    click = np.zeros((1, 3 * 16_000), np.float32)
    click[0, 2 * 16_000] = 0.5
    meter = PeakMeter(MP3_RATE)
    encode_mp3(from_array(click, 16_000), tap=meter.add)
    found = meter.read()
    assert len(found) == pytest.approx(3 * PEAKS_PER_S, abs=1)
    assert np.argmax(list(found)) == pytest.approx(2 * PEAKS_PER_S, abs=1)
