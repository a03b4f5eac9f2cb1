"""The converter from the published checkpoint's names, on a small model whose parameters were named backwards."""

from pathlib import Path

import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.inference.checkpoint import check_fit
from pianotrans.inference.published import convert
from pianotrans.network import Model
from tests.semicrf.dense import score_map

from .making import as_published, small_model

Parameters = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.fixture
def parameters(model: Model) -> Parameters:
    return as_published(model)


def test_the_converted_model_computes_the_same(model: Model, parameters: Parameters, tmp_path: Path):
    converted = small_model(tmp_path, seed=9)
    converted.load_state_dict(convert(parameters, model.config), strict=True)
    samples = torch.randn(1, 2, 6000, generator=torch.Generator().manual_seed(0))
    context, scores = model(samples)
    converted_context, converted_scores = converted(samples)
    torch.testing.assert_close(converted_context, context, rtol=0, atol=0)
    torch.testing.assert_close(score_map(converted_scores), score_map(scores), rtol=0, atol=0)
    ends = torch.randn(2, 5, 16)
    for one, other in zip(converted.attributes(*ends), model.attributes(*ends), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_every_published_tensor_is_used_and_every_parameter_filled(model: Model, parameters: Parameters):
    converted = convert(parameters, model.config)
    assert converted.keys() == model.state_dict().keys()
    check_fit(model, converted, "here")
    n_published = sum(tensor.numel() for tensor in parameters.values())
    n_converted = sum(tensor.numel() for tensor in converted.values())
    unused_filters = (1024 // 2 + 1 - model.config.spectrogram.n_bins) * 40
    assert n_published == n_converted + unused_filters + 1024  # the Hann window is redundant


def test_the_published_checkpoint_is_left_as_it_was(model: Model, parameters: Parameters):
    names = set(parameters)
    convert(parameters, model.config)
    assert set(parameters) == names


def test_any_tensor_that_is_missing_is_named(model: Model, parameters: Parameters):
    for name in parameters:
        rest = {other: tensor for other, tensor in parameters.items() if other != name}
        with pytest.raises(
            ModelError, match=r"checkpoint: no tensor .*Is it the checkpoint of transkun 2.0.1"
        ) as e:
            convert(rest, model.config)
        assert name.removesuffix(".weight").removesuffix(".bias") in str(e.value)


def test_an_unexpected_tensor_is_named(model: Model, parameters: Parameters):
    with pytest.raises(ModelError, match=r"checkpoint: 1 unexpected tensors, among them backbone.extra\."):
        convert(parameters | {"backbone.extra": torch.zeros(1)}, model.config)


def test_a_layer_more_than_configured_is_unexpected(model: Model, parameters: Parameters):
    more = {name.replace("encoderLayers.1.", "encoderLayers.2."): t for name, t in parameters.items()}
    with pytest.raises(ModelError, match=r"unexpected tensors, among them backbone.encoderLayers.2\."):
        convert(parameters | more, model.config)


def test_another_first_window(model: Model, parameters: Parameters):
    name = "framewiseFeatureExtractor.spectrogramExtractor.win"
    with pytest.raises(ModelError, match="the first analysis window is not a Hann window"):
        convert(parameters | {name: torch.hamming_window(1024)}, model.config)


def test_mel_filters_that_reach_too_high(model: Model, parameters: Parameters):
    filters = parameters["framewiseFeatureExtractor.freq2mels"].clone()
    filters[-1, -1] = 1e-3
    with pytest.raises(ModelError, match=r"mel filters reach beyond 3000.0 Hz"):
        convert(parameters | {"framewiseFeatureExtractor.freq2mels": filters}, model.config)


def test_a_tensor_of_another_shape_does_not_fit(model: Model, parameters: Parameters):
    scorer = torch.zeros(32, 16)
    with pytest.raises(ModelError, match=r"of another shape: scorer.weight \(32, 16\) instead of \(33, 16\)"):
        check_fit(model, convert(parameters | {"scorer.map.0.weight": scorer}, model.config), "here")
