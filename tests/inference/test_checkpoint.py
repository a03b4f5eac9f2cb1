"""Weights are read completely, or not at all."""

import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.inference.checkpoint import load_model, read_weights
from pianotrans.inference.pull import verify
from pianotrans.inference.registry import ModelEntry, find_model
from pianotrans.weights import encode_weights
from tests.semicrf.dense import score_map

from .making import small_model, small_model_folder

CPU = torch.device("cpu")
SHAPES = r"these weights do not fit the model's configuration: "


@pytest.fixture
def entry(tmp_path: Path) -> ModelEntry:
    return find_model(small_model_folder(tmp_path / "small"))


def store(entry: ModelEntry, tensors: dict[str, torch.Tensor]) -> None:
    entry.weights_path.write_bytes(encode_weights(tensors))


def test_a_loaded_model_computes_what_the_saved_one_did(tmp_path: Path):
    saved = small_model(tmp_path / "small", seed=3)
    (tmp_path / "small" / "weights.safetensors").write_bytes(encode_weights(saved.state_dict()))
    loaded = load_model(find_model(tmp_path / "small"), CPU)
    samples = torch.randn(2, 1, 5000, generator=torch.Generator().manual_seed(1))
    context, scores = loaded(samples)
    expected_context, expected_scores = saved(samples)
    torch.testing.assert_close(context, expected_context, rtol=0, atol=1e-5)
    torch.testing.assert_close(score_map(scores), score_map(expected_scores), rtol=1e-5, atol=1e-4)


def test_a_loaded_model_is_ready_to_infer(entry: ModelEntry):
    model = load_model(entry, CPU)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert {tensor.device for tensor in model.state_dict().values()} == {CPU}


def test_same_tensors_same_bytes(tmp_path: Path):
    tensors = small_model(tmp_path).state_dict()
    backwards = {name: tensors[name].clone() for name in reversed(tensors)}
    assert encode_weights(tensors) == encode_weights(backwards)
    transposed = {"x": torch.arange(6.0).reshape(2, 3).T}
    assert encode_weights(transposed) == encode_weights({"x": transposed["x"].contiguous()})
    assert encode_weights(tensors) != encode_weights(small_model(tmp_path, seed=1).state_dict())


def test_missing_weights(entry: ModelEntry):
    entry.weights_path.unlink()
    with pytest.raises(ModelError, match=r"weights.safetensors: no weights there. Restore the model's folder"):
        load_model(entry, CPU)


def test_weights_that_are_a_folder(entry: ModelEntry):
    entry.weights_path.unlink()
    entry.weights_path.mkdir()
    with pytest.raises(ModelError, match=r"weights.safetensors: cannot be read \("):
        load_model(entry, CPU)


def test_missing_weights_of_a_published_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PIANOTRANS_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"Run `pianotrans models pull transkun-v2 --overwrite`, or pass --model"):
        read_weights(find_model("transkun-v2"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:0],
        lambda content: b"This is a text." + content,
        lambda content: content[:7],
        lambda content: content[: len(content) // 2],
        lambda content: b"\xff" * 8 + content[8:],
        lambda content: content[:8] + b"}" + content[9:],
        lambda content: content.replace(b'"F32"', b'"F99"', 1),
    ],
    ids=["empty", "text", "7 bytes", "half", "impossible header", "no JSON", "unknown type"],
)
def test_damaged_weights(entry: ModelEntry, damage):
    entry.weights_path.write_bytes(damage(entry.weights_path.read_bytes()))
    with pytest.raises(ModelError, match=r"weights.safetensors: not a safetensors file, or a damaged one \("):
        load_model(entry, CPU)


def test_one_wrong_bit_is_noticed_where_the_hash_is_known(entry: ModelEntry):
    content = bytearray(entry.weights_path.read_bytes())
    known = dataclasses.replace(entry, weights_sha256=hashlib.sha256(content).hexdigest())
    load_model(known, CPU)
    content[-1] ^= 1
    entry.weights_path.write_bytes(content)
    with pytest.raises(ModelError, match=r"damaged \(its SHA-256 is not that of the registry\)"):
        load_model(known, CPU)


def test_missing_tensors_are_named(entry: ModelEntry):
    tensors = read_weights(entry)
    store(entry, {name: tensor for name, tensor in tensors.items() if name != "scorer.bias"})
    with pytest.raises(ModelError, match=SHAPES + r"missing: scorer.bias\.$"):
        load_model(entry, CPU)


def test_unexpected_tensors_are_named(entry: ModelEntry):
    store(entry, read_weights(entry) | {"scorer.gain": torch.zeros(1)})
    with pytest.raises(ModelError, match=SHAPES + r"unexpected: scorer.gain\.$"):
        load_model(entry, CPU)


def test_tensors_of_another_shape_are_named(entry: ModelEntry):
    store(entry, read_weights(entry) | {"scorer.bias": torch.zeros(7)})
    with pytest.raises(ModelError, match=SHAPES + r"of another shape: scorer.bias \(7,\) instead of \(33,\)\.$"):
        load_model(entry, CPU)


def test_many_faults_stay_one_line(entry: ModelEntry):
    store(entry, {f"layer.{i}": torch.zeros(1) for i in range(10)})
    with pytest.raises(
        ModelError,
        match=r"missing: \S+, \S+, \S+ and \d+ more; unexpected: layer.0, layer.1, layer.2 and 7 more\.$",
    ):
        load_model(entry, CPU)


def test_weights_of_another_configuration(entry: ModelEntry):
    config = entry.folder / "config.toml"
    config.write_text(config.read_text().replace("width = 16", "width = 32"))
    with pytest.raises(ModelError, match=SHAPES + "of another shape: .* and .* more"):
        load_model(entry, CPU)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["scorer.weight", "backbone.stem.input.bias"])
def test_weights_that_are_no_numbers_are_refused(entry: ModelEntry, name: str, value: float):
    tensors = read_weights(entry)
    tensors[name].view(-1)[-1] = value
    store(entry, tensors)
    for load in (read_weights, verify, lambda one: load_model(one, CPU)):
        with pytest.raises(ModelError, match=rf"{name}: NaN or infinity") as caught:
            load(entry)
        assert str(entry.weights_path) in str(caught.value)


def test_weights_too_large_for_the_precision_are_refused(entry: ModelEntry):
    tensors = read_weights(entry)
    tensors["backbone.blocks.0.after_time.contract.weight"][0, 0] = 65_520.0  # rounds to 2^16, which float16 lacks
    store(entry, tensors)
    load_model(entry, CPU)
    load_model(entry, CPU, torch.bfloat16)
    for load in (verify, lambda one: load_model(one, CPU, torch.float16)):
        with pytest.raises(ModelError, match=r"contract.weight: too large for float16.*--precision float32"):
            load(entry)


def test_what_stays_in_float32_may_be_larger(entry: ModelEntry):
    tensors = read_weights(entry)
    tensors["scorer.bias"][0] = 1e6
    store(entry, tensors)
    verify(entry)
