"""Weights files with 32, 16 and 8 bits for a number."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pianotrans.weights import decode_weights, encode_weights

MATRICES = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=1, max_dims=4, max_side=5),
    elements=st.floats(-1000, 1000, width=32),
)


@given(MATRICES)
def test_what_fewer_bits_lose(matrix):
    tensors = {"a.weight": torch.from_numpy(matrix)}
    whole, halves, bytes_ = (decode_weights(encode_weights(tensors, bits))["a.weight"] for bits in (32, 16, 8))
    assert torch.equal(whole, tensors["a.weight"])
    torch.testing.assert_close(halves, whole, rtol=2**-11, atol=2**-25)
    if matrix.ndim > 1:
        steps = whole.flatten(1).abs().amax(1) / 127
        assert ((bytes_ - whole).flatten(1).abs() <= 0.501 * steps[:, None] + 1e-30).all()
    else:
        assert torch.equal(bytes_, halves), "biases and gains are few"


def test_eight_bits_take_a_quarter():
    tensors = {"weight": torch.randn(64, 256), "bias": torch.randn(64)}
    sizes = {bits: len(encode_weights(tensors, bits)) for bits in (32, 16, 8)}
    assert sizes[8] < 0.27 * sizes[32]
    assert decode_weights(encode_weights(tensors, 8)).keys() == tensors.keys()


def test_a_tensor_that_is_called_scale():
    tensors = {"norm.scale": torch.ones(3), "norm": torch.ones(3)}
    assert decode_weights(encode_weights(tensors, 8)).keys() == tensors.keys()


def test_too_large_for_16_bits():
    with pytest.raises(OverflowError, match="gain"):
        encode_weights({"gain": torch.tensor([1e6])}, 16)
