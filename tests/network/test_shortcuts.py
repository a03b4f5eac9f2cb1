"""What inference leaves out or does once changes nothing."""

import pytest
import torch

from pianotrans.network import Model, ModelConfig, transformer
from pianotrans.network.config import SpectrogramConfig, TransformerConfig
from pianotrans.network.precision import Linear, store_products_in
from pianotrans.network.stem import FRAMES_PER_STEP, Stem, map_shape
from pianotrans.network.transformer import TransformerBlock, rms_norm

CONFIG = ModelConfig(
    spectrogram=SpectrogramConfig(sample_rate=8000, hop_samples=128, window_samples=512, n_mels=20, max_hz=3000.0),
    transformer=TransformerConfig(width=16, n_heads=2, n_layers=2),
)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("n_places", [1, 3, 7])
def test_last_places_are_those_of_the_whole_block(n_places):
    torch.manual_seed(0)
    block = TransformerBlock(TransformerConfig(width=16, n_heads=2)).requires_grad_(False)
    x = noise(2, 5, 7, 16)
    torch.testing.assert_close(block.last_places(x, n_places), block(x)[:, :, -n_places:])


@pytest.mark.parametrize("n_frames", [1, 2, 7, 8, 9, 126, 691])
@pytest.mark.parametrize("n_mels", [20, 80, 229])
def test_map_shape_is_that_of_the_stem(n_frames, n_mels):
    stem = Stem(CONFIG)
    with torch.inference_mode():
        found = stem(torch.zeros(1, n_frames, n_mels, 6)).shape[1:3]
    assert found == map_shape(n_frames, n_mels)
    assert found[0] * FRAMES_PER_STEP >= n_frames


def test_fixed_embeddings_change_nothing_and_other_lengths_still_work():
    torch.manual_seed(0)
    model = Model(CONFIG).requires_grad_(False).eval()
    features = noise(1, 40, 20, 6)
    free = model.backbone(features)
    model.backbone.fix_embeddings(40)
    torch.testing.assert_close(model.backbone(features), free)
    assert model.backbone(features[:, :13]).shape == (1, CONFIG.tracks.n_tracks, 13, 16)


@pytest.mark.parametrize("n_places", [1, 3, 7])
@pytest.mark.parametrize("n_tokens", [1, 20, 4096])
def test_a_block_in_chunks_is_the_whole_one(monkeypatch, n_places, n_tokens):
    torch.manual_seed(0)
    block = TransformerBlock(TransformerConfig(width=16, n_heads=2))
    x = noise(3, 11, 7, 16)
    whole = block.last_places(x, n_places).detach()
    monkeypatch.setattr(transformer, "_TOKENS_PER_CHUNK", n_tokens)
    with torch.inference_mode():
        torch.testing.assert_close(block.last_places(x, n_places), whole)


def test_rms_norm_is_torchs():
    x = torch.cat([noise(5, 16), 1e-4 * noise(5, 16), torch.zeros(1, 16)])
    torch.testing.assert_close(rms_norm(x), torch.nn.functional.rms_norm(x, (16,), eps=1e-6))


@pytest.mark.parametrize("n_frames", [1, 7, 8, 9, 40])
def test_upsampling_is_the_transposed_convolution(n_frames):
    torch.manual_seed(0)
    backbone = Model(CONFIG).backbone.requires_grad_(False)
    tracks = noise(2, -(-n_frames // 8), CONFIG.tracks.n_tracks, 16)
    expected = backbone.upsampling(tracks.permute(0, 2, 3, 1).flatten(0, 1))[..., :n_frames]
    found = backbone.upsample(tracks, n_frames)
    torch.testing.assert_close(found.flatten(0, 1), expected.transpose(1, 2))


def test_scores_are_those_of_the_whole_scorer():
    torch.manual_seed(0)
    model = Model(CONFIG).requires_grad_(False)
    context = noise(2, 3, 5, 16)
    scores = model.scores(context)
    found = torch.cat([scores.query, scores.key, scores.singleton[..., None]], dim=-1)
    torch.testing.assert_close(found, model.scorer(context).flatten(0, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_only_products_are_stored_in_fewer_bits(dtype):
    torch.manual_seed(0)
    model = Model(CONFIG).requires_grad_(False).eval()
    samples = noise(1, 1, 4000)
    exact = model.backbone(model.spectrogram(samples))
    store_products_in(dtype, model.backbone.stem, model.backbone.blocks)
    types = {name: parameter.dtype for name, parameter in model.named_parameters()}
    products = (
        "stem.input",
        "stem.convolutions",
        "stem.norms",
        "keys_values",
        "query",
        "output",
        "expand",
        "contract",
    )
    for name, found in types.items():
        is_product = name.startswith(("backbone.stem", "backbone.blocks")) and any(
            part in name for part in products
        )
        assert found == (dtype if is_product and "embedding" not in name else torch.float32), name
    context = model.backbone(model.spectrogram(samples))
    assert context.dtype == torch.float32
    assert (context - exact).norm() / exact.norm() < 4 * torch.finfo(dtype).eps


def test_a_linear_layer_computes_in_the_type_of_its_weights():
    layer = Linear(4, 3).to(torch.bfloat16)
    assert layer(noise(2, 4)).dtype == torch.bfloat16
    assert layer(noise(2, 4).half()).dtype == torch.bfloat16


def test_the_gradient_of_the_norm_is_its_derivative():
    x = noise(3, 5, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(rms_norm, x)
    torch.testing.assert_close(rms_norm(x).detach(), rms_norm(x.detach()))


def test_training_computes_what_inference_does():
    """The scales go into the weights in training."""
    torch.manual_seed(0)
    block = TransformerBlock(TransformerConfig(width=16, n_heads=2))
    for name, parameter in block.named_parameters():
        if name.endswith("scale"):
            torch.nn.init.normal_(parameter)
    x = noise(2, 5, 7, 16)
    with torch.no_grad():
        expected = block(x)
    torch.testing.assert_close(block(x).detach(), expected)


def test_gradients_of_a_block_are_its_derivatives():
    torch.manual_seed(0)
    block = TransformerBlock(TransformerConfig(width=16, n_heads=2)).double()
    x = noise(1, 3, 2, 16).double().requires_grad_()
    assert torch.autograd.gradcheck(block, x)
    y = block(x).square().sum()
    scale = block.after_places.scale
    (found,) = torch.autograd.grad(y, scale)
    for i in (0, 7):
        with torch.no_grad():
            low, high = (block_loss(block, x, scale, i, step) for step in (-1e-5, 1e-5))
        assert found[i].item() == pytest.approx((high - low) / 2e-5, rel=1e-5, abs=1e-6)


def block_loss(block: TransformerBlock, x: torch.Tensor, scale: torch.Tensor, i: int, step: float) -> float:
    """The loss with one scale moved by a step."""
    scale[i] += step
    loss = block(x).square().sum().item()
    scale[i] -= step
    return loss
