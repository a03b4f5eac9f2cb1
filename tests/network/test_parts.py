"""The network's parts against plain formulas and independent libraries."""

import math

import librosa
import numpy as np
import pytest
import torch

from pianotrans.network import Model, ModelConfig
from pianotrans.network.attributes import AttributeHeads, continuous_bernoulli_mean
from pianotrans.network.config import SpectrogramConfig, TransformerConfig
from pianotrans.network.coordinates import CoordinateEmbedding
from pianotrans.network.spectrogram import Spectrogram, mel_filterbank
from pianotrans.network.transformer import TransformerBlock

CONFIG = SpectrogramConfig(sample_rate=8000, hop_samples=128, window_samples=512, n_mels=20, max_hz=3000.0)


@pytest.fixture
def spectrogram() -> Spectrogram:
    module = Spectrogram(CONFIG)
    module.mel_filters.copy_(mel_filterbank(CONFIG))
    return module.requires_grad_(False)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_hann_features_agree_with_librosa(spectrogram):
    """The same spectrogram from librosa's own framing, transform and filterbank."""
    samples = noise(1, 1, 2000)
    n_frames = CONFIG.n_frames(2000)
    padded = np.pad(samples[0, 0].numpy().astype(np.float64), (256, 2048))
    frames = np.stack([padded[128 * t : 128 * t + 512] for t in range(n_frames)])
    normalised = (frames - frames.mean()) / (frames.std(ddof=1) + 1e-8)
    power = np.abs(np.fft.rfft(normalised * librosa.filters.get_window("hann", 512), norm="ortho")) ** 2
    filters = librosa.filters.mel(sr=8000, n_fft=512, n_mels=20, fmin=30, fmax=3000, htk=True, norm=None)
    expected = (np.log(power @ filters.T + 1e-5) - math.log(1e-5)) / -math.log(1e-5)
    found = spectrogram(samples)
    assert found.shape == (1, n_frames, 20, 6)
    np.testing.assert_allclose(found[0, :, :, 0], expected, atol=1e-5)


@pytest.mark.weights
@pytest.mark.slow
def test_stored_filters_of_the_published_model_are_librosas(published):
    expected = mel_filterbank(published.config.spectrogram)
    # the published ones were computed in float32 throughout: a wrong scale or norm differs by 0.1 and more
    np.testing.assert_allclose(published.spectrogram.mel_filters, expected, atol=5e-5)


def test_learned_windows_by_formula(spectrogram):
    spectrogram.window_centers.copy_(torch.tensor([0.3, -1.0, 0.0, 2.0, 0.1]))
    windows = spectrogram.windows()
    for i in range(5):
        center = 512 / (1 + math.exp(-float(spectrogram.window_centers[i])))
        width = 256 / (1 + math.exp(-float(spectrogram.window_widths[i])))
        expected = [math.exp(-0.5 * ((n - center) / width) ** 2) for n in range(512)]
        np.testing.assert_allclose(windows[i + 1], expected, atol=1e-5)


def test_level_and_offset_do_not_matter(spectrogram):
    samples = noise(1, 1, 4000)
    inner = slice(4, -5)  # an offset does change the frames that reach beyond the ends
    np.testing.assert_allclose(spectrogram(samples), spectrogram(1000 * samples), atol=1e-4)
    np.testing.assert_allclose(spectrogram(samples)[:, inner], spectrogram(0.01 * samples)[:, inner], atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_silence_and_constant_values_are_finite(spectrogram, value):
    features = spectrogram(torch.full((1, 2, 1000), value))
    assert torch.isfinite(features).all()
    if value == 0:
        assert not features.any()


def test_channels_are_mixed_in_power(spectrogram):
    """A channel and its inverse cancel as waveforms, not in power."""
    mono = noise(1, 1, 3000)
    stereo = torch.cat([mono, -mono], dim=1)
    np.testing.assert_allclose(spectrogram(stereo), spectrogram(mono), atol=1e-2)


@pytest.mark.parametrize("n_samples", [0, 1, 127, 128, 129, 1000])
def test_number_of_frames(spectrogram, n_samples):
    if n_samples:
        assert spectrogram(noise(1, 1, n_samples)).shape[1] == math.ceil(n_samples / 128) + 1
    else:
        assert CONFIG.n_frames(0) == 1


def test_continuous_bernoulli_mean_agrees_with_torch_and_has_no_step_at_zero():
    logits = torch.cat([torch.linspace(-30, 30, 601), torch.linspace(-0.1, 0.1, 2001)]).double()
    found = continuous_bernoulli_mean(logits)
    by_formula = torch.sigmoid(logits) / (2 * torch.sigmoid(logits) - 1) - 1 / logits
    away = logits.abs() > 0.01
    np.testing.assert_allclose(found[away], by_formula[away], atol=2e-7)
    np.testing.assert_allclose(found, torch.distributions.ContinuousBernoulli(logits=logits).mean, atol=1e-4)
    assert continuous_bernoulli_mean(torch.zeros(1)).item() == 0.5


def test_attributes_stay_within_half_a_frame():
    heads = AttributeHeads(16, 512)
    decoded = heads.decode(100 * noise(50, 16), 100 * noise(50, 16))
    assert decoded.onset_position.abs().max() <= 0.5
    assert decoded.velocity.min() >= 0
    assert decoded.velocity.max() <= 127
    assert decoded.onset_present.dtype == torch.bool


def test_no_intervals_have_no_attributes():
    heads = AttributeHeads(16, 512)
    assert heads.decode(torch.zeros(0, 16), torch.zeros(0, 16)).velocity.shape == (0,)


def test_coordinate_embedding_by_formula():
    module = CoordinateEmbedding(2, 8)
    coordinate = torch.tensor([3.0, -64.0])
    waves = torch.cos(module.phase.weight @ coordinate + module.phase.bias) / math.sqrt(4)
    expected = module.contract(torch.nn.functional.gelu(module.expand(waves)))
    torch.testing.assert_close(module(coordinate), expected)


def plain_attention(attention, h, key, value):
    """One head after the other, token by token, for (n_tokens, D)."""
    query = attention.query(h / torch.sqrt(h.square().mean(-1, keepdim=True) + 1e-6))
    size = h.shape[-1] // attention.n_heads
    heads = []
    for i in range(attention.n_heads):
        part = slice(i * size, (i + 1) * size)
        weights = torch.softmax(query[:, part] @ key[:, part].T / math.sqrt(size), dim=-1)
        heads.append(weights @ value[:, part])
    return h + attention.scale * attention.output(torch.cat(heads, dim=-1))


def test_block_by_formula():
    """Keys and values of both attentions come from the block's input; queries from the running state."""
    torch.manual_seed(0)
    block = TransformerBlock(TransformerConfig(width=16, n_heads=2)).requires_grad_(False)
    x = noise(2, 5, 7, 16)  # (clips, steps, places, width)
    h = x.clone()
    place_key, place_value, time_key, time_value = block.keys_values(x).chunk(4, dim=-1)
    for clip in range(2):
        for step in range(5):
            h[clip, step] = plain_attention(
                block.across_places, h[clip, step], place_key[clip, step], place_value[clip, step]
            )
        h[clip] = block.after_places(h[clip])
        for place in range(7):
            h[clip, :, place] = plain_attention(
                block.across_time, h[clip, :, place], time_key[clip, :, place], time_value[clip, :, place]
            )
        h[clip] = block.after_time(h[clip])
    torch.testing.assert_close(block(x), h, atol=1e-5, rtol=1e-5)


def test_clips_of_a_batch_do_not_see_each_other():
    torch.manual_seed(0)
    config = ModelConfig(spectrogram=CONFIG, transformer=TransformerConfig(width=16, n_heads=2, n_layers=2))
    model = Model(config).requires_grad_(False).eval()
    model.spectrogram.mel_filters.copy_(mel_filterbank(CONFIG))
    samples = noise(3, 2, 3000)
    together, _ = model(samples)
    alone = torch.cat([model(samples[i : i + 1])[0] for i in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_the_velocity_is_the_median_or_the_most_probable_one():
    torch.manual_seed(0)
    probable, median = AttributeHeads(4, 8).eval(), AttributeHeads(4, 8, reads_median_velocity=True).eval()
    median.load_state_dict(probable.state_dict())
    begin, end = 20 * torch.randn(2, 30, 4)
    logits, _ = probable(begin, end)
    assert probable.decode(begin, end).velocity.tolist() == logits.argmax(dim=1).tolist()
    found = median.decode(begin, end).velocity
    assert found.tolist() != logits.argmax(dim=1).tolist()
    for one, middle in zip(logits.softmax(dim=1).tolist(), found.tolist(), strict=True):
        assert sum(one[:middle]) < 0.5 <= sum(one[: middle + 1]) + 1e-6
