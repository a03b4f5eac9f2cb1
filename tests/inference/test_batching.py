"""Batches: the same result at any size, smaller ones when memory runs out."""

import numpy as np
import pytest
import torch

from pianotrans.errors import DeviceError
from pianotrans.inference import batching
from pianotrans.inference.batching import batch_size_for, decode_in_batches
from pianotrans.inference.checkpoint import load_model
from pianotrans.inference.decoding import decode_segments
from pianotrans.inference.registry import find_model
from pianotrans.network import ModelConfig
from tests.synthesis import random_performance, render

N_TRACKS = ModelConfig().tracks.n_tracks


@pytest.fixture(scope="module")
def tiny():
    return load_model(find_model("tiny"), torch.device("cpu"))


@pytest.fixture(scope="module")
def segments(tiny):
    """Five segments of one recording, the third of them digital silence."""
    n_samples = round(tiny.config.segments.segment_s * tiny.config.spectrogram.sample_rate)
    samples = render(random_performance(1, 20.0), 16_000)
    cut = [samples[None, i * n_samples : (i + 1) * n_samples] for i in range(5)]
    return [*cut[:2], np.zeros_like(cut[2]), *cut[3:]]


def rows(paths) -> list[list[int]]:
    return paths.moves.read(np.zeros(N_TRACKS, np.int64)).tolist()


@pytest.fixture(scope="module")
def alone(tiny, segments) -> list[list[list[int]]]:
    """The paths of every segment, each decoded for itself."""
    return [rows(paths) for samples in segments for paths in decode_segments(tiny, [samples])]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 9])
def test_any_batch_size_gives_the_same_paths(tiny, segments, alone, batch_size):
    assert any(alone)
    assert [rows(paths) for paths in decode_in_batches(tiny, segments, batch_size)] == alone


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_the_intervals(tiny, segments, dtype):
    (exact,) = decode_segments(tiny, [segments[0]])
    (half,) = decode_segments(load_model(find_model("tiny"), torch.device("cpu"), dtype), [segments[0]])
    assert half.context.dtype == torch.float32
    error = (half.context - exact.context).norm() / exact.context.norm()
    assert 0 < error < 100 * torch.finfo(dtype).eps
    assert len(rows(exact)) > 0
    found = {tuple(row) for row in rows(half)}
    around = {(t, b + i, e + j) for t, b, e in rows(exact) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert len(found) == pytest.approx(len(rows(exact)), rel=0.1)
    assert len(found & around) >= 0.9 * len(found)


def test_digital_silence_holds_nothing(tiny, segments):
    (paths,) = decode_segments(tiny, [segments[2]])
    assert rows(paths) == []
    assert len(paths.read(np.zeros(N_TRACKS, np.int64)).track) == 0


def test_a_batch_that_does_not_fit_is_halved(monkeypatch):
    sizes = []

    def decode(model, batch, **_):
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError
        return batch

    monkeypatch.setattr(batching, "decode_segments", decode)
    assert list(decode_in_batches(None, range(20), 8)) == list(range(20))
    assert sizes == [8, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]


def test_a_segment_that_does_not_fit_is_an_error(monkeypatch):
    def decode(model, batch, **_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(batching, "decode_segments", decode)
    with pytest.raises(DeviceError, match="does not hold a single segment"):
        list(decode_in_batches(None, range(4), 4))


def test_a_device_that_disappears_is_an_error(monkeypatch):
    def decode(model, batch, **_):
        raise torch.AcceleratorError("CUDA error: device is lost\nCompile with TORCH_USE_CUDA_DSA", 1)

    monkeypatch.setattr(batching, "decode_segments", decode)
    with pytest.raises(DeviceError, match=r"^device: failed \(CUDA error: device is lost\)\. Start again, or pass"):
        list(decode_in_batches(None, range(4), 4))


def test_batch_sizes(monkeypatch):
    assert batch_size_for(torch.device("cpu")) == 1
    for free_gib, expected in ((0.5, 1), (10, 8), (80, 32)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _, free=free_gib: (int(free * 2**30), 2**36))
        assert batch_size_for(torch.device("cuda:0")) == expected
