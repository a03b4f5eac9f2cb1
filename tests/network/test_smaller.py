"""The switches that make smaller models: each does what it says, and off it changes nothing."""

from dataclasses import replace

import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.network import Model, ModelConfig
from pianotrans.network.config import SpectrogramConfig, TransformerConfig
from tests.benchmarks.flops import config_of, cost

PLAIN = ModelConfig(
    SpectrogramConfig(8000, 128, 512, 20, 30.0, 3000.0, 1), TransformerConfig(width=16, n_heads=2, n_layers=2)
)
N_TRACKS = PLAIN.tracks.n_tracks


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def model(**switches: int) -> Model:
    torch.manual_seed(0)
    return Model(replace(PLAIN, transformer=replace(PLAIN.transformer, **switches))).requires_grad_(False).eval()


@pytest.mark.parametrize("n_samples", [1, 2000])
@pytest.mark.parametrize(
    "switches",
    [
        {"tracks_per_token": 2},
        {"tracks_per_token": 90},
        {"frames_per_step": 16},
        {"mels_per_token": 8},
        {"n_passes": 3},
        {"context_width": 6},
        {"tracks_per_token": 3, "frames_per_step": 16, "mels_per_token": 8, "n_passes": 2, "context_width": 5},
    ],
)
def test_every_switch_gives_every_track_every_frame(switches: dict[str, int], n_samples: int):
    small = model(**switches)
    n_frames, width = PLAIN.spectrogram.n_frames(n_samples), switches.get("context_width", 16)
    context, scores = small(noise(1, 1, n_samples))
    assert context.shape == (1, N_TRACKS, n_frames, width)
    assert scores.query.shape == (N_TRACKS, n_frames, width)
    assert small.attributes.decode(context[0, :, 0], context[0, :, -1]).velocity.shape == (N_TRACKS,)
    small.fix_embeddings(n_samples)
    torch.testing.assert_close(small(noise(1, 1, n_samples))[0], context)


@pytest.mark.parametrize("n_frames", [1, 8, 9, 40])
def test_a_token_makes_its_tracks_by_the_transposed_convolution(n_frames: int):
    backbone = model(tracks_per_token=3, context_width=5).backbone
    tokens = noise(2, -(-n_frames // 8), N_TRACKS // 3, 16)
    made = backbone.upsampling(tokens.permute(0, 2, 3, 1).flatten(0, 1))[..., :n_frames]  # (C·G, 3 · 5, T)
    expected = made.unflatten(1, (3, 5)).transpose(2, 3).reshape(2, N_TRACKS, n_frames, 5)
    torch.testing.assert_close(backbone.upsample(tokens, n_frames), expected)


def test_passes_share_their_blocks():
    """Two passes through two blocks are four blocks of which two and two are the same."""
    twice, deep = model(n_passes=2), model(n_layers=4)
    weights = twice.state_dict()
    assert {name.split(".")[2] for name in weights if name.startswith("backbone.blocks.")} == {"0", "1"}
    copies = {
        name.replace(f"blocks.{i}.", f"blocks.{i + 2}."): x
        for name, x in weights.items()
        for i in (0, 1)
        if f"blocks.{i}." in name
    }
    deep.load_state_dict(weights | copies)
    features = noise(1, 20, 20, 2)
    torch.testing.assert_close(twice.backbone(features), deep.backbone(features))


def test_the_tokens_of_tracks_are_known_by_their_first_number():
    grouped, plain = model(tracks_per_token=2).backbone, model().backbone
    stem = noise(1, 3, 4, 16)
    torch.testing.assert_close(grouped.tokens(stem)[:, :, 5:], plain.tokens(stem)[:, :, 5::2])


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"tracks_per_token": 4}, "tracks_per_token: 4 given; it must divide 90 tracks"),
        ({"frames_per_step": 4}, r"frames_per_step: 4 given; it may be 8 or 16\."),
        ({"mels_per_token": 16}, r"mels_per_token: 16 given; it may be 4 or 8\."),
    ],
)
def test_refused(switches: dict[str, int], message: str):
    with pytest.raises(ModelError, match=message):
        ModelConfig(transformer=TransformerConfig(**switches))


def test_the_work_of_the_shipped_models():
    """The published one by hand; the small one within the limits that it was chosen under."""
    published, small = (cost(config_of(name)) for name in ("transkun-v2", "small"))
    n_steps, n_places, width = 89, 149, 256
    of_block = n_steps * n_places * width * width * (4 + 2 + 2 + 16) + 2 * n_steps * n_places * width * (149 + 89)
    of_last = of_block - n_steps * 59 * width * width * (4 + 16 + 2) - 2 * n_steps * 59 * width * (149 + 89)
    assert published.work["transformer"] == pytest.approx(2 * (5 * of_block + of_last) / 1e9 / 12, rel=0.02)
    assert published.total / small.total > 7
    assert small.total <= 5
    assert small.n_bytes <= 8e6
