"""What inference leaves out or does once changes nothing."""

import pytest
import torch

from pianotrans.network import N_TRACKS, Model, ModelConfig, transformer
from pianotrans.network.config import SpectrogramConfig, TransformerConfig
from pianotrans.network.stem import Stem, map_shape
from pianotrans.network.transformer import Block, rms_norm

CONFIG = ModelConfig(
    spectrogram=SpectrogramConfig(sample_rate=8000, hop_samples=128, window_samples=512, n_mels=20, max_hz=3000.0),
    transformer=TransformerConfig(width=16, n_heads=2, n_layers=2),
)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("n_places", [1, 3, 7])
def test_last_places_are_those_of_the_whole_block(n_places):
    torch.manual_seed(0)
    block = Block(TransformerConfig(width=16, n_heads=2)).requires_grad_(False)
    x = noise(2, 5, 7, 16)
    torch.testing.assert_close(block.last_places(x, n_places), block(x)[:, :, -n_places:])


@pytest.mark.parametrize("n_frames", [1, 2, 7, 8, 9, 126, 691])
@pytest.mark.parametrize("n_mels", [20, 80, 229])
def test_map_shape_is_that_of_the_stem(n_frames, n_mels):
    stem = Stem(CONFIG)
    with torch.inference_mode():
        assert stem(torch.zeros(1, n_frames, n_mels, 6)).shape[1:3] == map_shape(n_frames, n_mels)


def test_fixed_embeddings_change_nothing_and_other_lengths_still_work():
    torch.manual_seed(0)
    model = Model(CONFIG).requires_grad_(False).eval()
    features = noise(1, 40, 20, 6)
    free = model.backbone(features)
    model.backbone.fix_embeddings(40, 20)
    torch.testing.assert_close(model.backbone(features), free)
    assert model.backbone(features[:, :13]).shape == (1, N_TRACKS, 13, 16)


@pytest.mark.parametrize("n_places", [1, 3, 7])
@pytest.mark.parametrize("n_tokens", [1, 20, 4096])
def test_a_block_in_chunks_is_the_whole_one(monkeypatch, n_places, n_tokens):
    torch.manual_seed(0)
    block = Block(TransformerConfig(width=16, n_heads=2))
    x = noise(3, 11, 7, 16)
    whole = block.last_places(x, n_places).detach()
    monkeypatch.setattr(transformer, "_TOKENS_PER_CHUNK", n_tokens)
    with torch.inference_mode():
        torch.testing.assert_close(block.last_places(x, n_places), whole)


def test_rms_norm_is_torchs():
    x = torch.cat([noise(5, 16), 1e-4 * noise(5, 16), torch.zeros(1, 16)])
    torch.testing.assert_close(rms_norm(x), torch.nn.functional.rms_norm(x, (16,), eps=1e-6))
