"""Samples in memory."""

from typing import Any

import numpy as np
import pytest
import torch

from pianotrans.audio import from_array
from pianotrans.errors import AudioError

from .recordings import tones


def joined(samples: Any, sample_rate: Any = 44_100) -> np.ndarray:
    return np.concatenate(list(from_array(samples, sample_rate).blocks()), axis=1)


def test_shapes_and_info():
    samples = tones(5.0, n_channels=2)
    with from_array(samples, 44_100, name="duet") as reader:
        blocks = list(reader.blocks())
    assert (reader.info.name, reader.info.n_channels, reader.info.duration_s) == ("duet", 2, 5.0)
    assert [block.shape[1] for block in blocks] == [88_200, 88_200, 44_100]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), samples)
    np.testing.assert_array_equal(joined(samples[0]), samples[:1])
    np.testing.assert_array_equal(joined(samples[0].tolist()), samples[:1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floating_point_is_taken_as_it_is(dtype: Any):
    np.testing.assert_array_equal(joined(np.array([0.0, 0.5, -1.0, 2.0], dtype)), [[0.0, 0.5, -1.0, 2.0]])


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 128, 192], np.uint8), [-1.0, 0.0, 0.5]),
        (np.array([-128, 0, 64], np.int8), [-1.0, 0.0, 0.5]),
        (np.array([-32768, 0, 16384], np.int16), [-1.0, 0.0, 0.5]),
        (np.array([-(2**31), 0, 2**30], np.int32), [-1.0, 0.0, 0.5]),
        (np.array([-32768, 0, 16384], ">i2"), [-1.0, 0.0, 0.5]),
    ],
)
def test_integers_are_scaled(samples: np.ndarray, expected: list[float]):
    np.testing.assert_array_equal(joined(samples), [expected])


def test_torch_tensors_and_transposed_views():
    samples = tones(0.1, n_channels=2)
    np.testing.assert_array_equal(joined(torch.from_numpy(samples)), samples)
    block = next(from_array(np.ascontiguousarray(samples.T).T, 44_100).blocks())
    assert block.flags.c_contiguous
    block[:] = 0.0  # a copy, not the caller's samples
    assert samples.any()


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\)\. Give samples of shape \(n_samples,\)"),
        (np.float32(1.0), "not an array of samples"),
        (np.zeros((44_100, 2)), r"\(44100, 2\) has 44100 channels\. .*transposed"),
        (np.zeros((9, 44_100)), "9 channels. Mix it down to at most 8"),
        (np.zeros(0), r"holds no samples \(shape \(0,\)\)"),
        (np.zeros((2, 0)), "holds no samples"),
        (np.zeros((0, 5)), "holds no samples"),
        (np.zeros(5, np.int64), "int64 samples have no full scale"),
        (np.zeros(5, np.complex64), "complex64 samples have no full scale"),
        (np.zeros(5, bool), "bool samples have no full scale"),
        ("take.wav", "not an array of samples"),
        (None, "not an array of samples"),
        ([[1.0], [1.0, 2.0]], "not an array of samples"),
        (torch.zeros(5, requires_grad=True), "not an array of samples"),
        (torch.zeros(5, dtype=torch.bfloat16), "not an array of samples"),
        (torch.zeros(5, device="meta"), "not an array of samples"),
    ],
)
def test_refused_samples(samples: Any, message: str):
    with pytest.raises(AudioError, match=f"^array: .*{message}"):
        from_array(samples, 44_100)


@pytest.mark.parametrize(
    ("sample_rate", "message"),
    [
        (None, "no sample rate. Give it in Hz"),
        (3_999, "sample rate 3999 Hz"),
        (768_001, "sample rate 768001 Hz"),
        (44_100.5, "44100.5 Hz. Give a whole number"),
        (float("nan"), "nan is not a sample rate"),
        ("fast", "'fast' is not a sample rate"),
        (-44_100, "sample rate -44100 Hz"),
    ],
)
def test_refused_rates(sample_rate: Any, message: str):
    with pytest.raises(AudioError, match=f"^array: .*{message}"):
        from_array(np.zeros(5), sample_rate)


@pytest.mark.parametrize("sample_rate", [44_100, 44_100.0, np.int64(44_100), np.float32(44_100)])
def test_whole_rates_of_any_type(sample_rate: Any):
    info = from_array(np.zeros(5), sample_rate).info
    assert info.sample_rate == 44_100
    assert type(info.sample_rate) is int


def test_samples_that_are_not_finite():
    samples = np.zeros((2, 30_000))
    samples[:, 20_000] = np.nan
    with pytest.raises(
        AudioError,
        match=r"array: 2 of the 28000 samples of a block are NaN or infinite, the first at 2\.500 s",
    ):
        joined(samples, 8_000)
