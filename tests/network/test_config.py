"""Configurations: what is refused, and that every shipped one builds and runs."""

import dataclasses

import pytest
import torch

from pianotrans.errors import ModelError
from pianotrans.inference.registry import all_models, find_model
from pianotrans.network import Model, ModelConfig, read_config
from pianotrans.network.config import TRANSFORMER, SpectrogramConfig, TransformerConfig
from pianotrans.shipped import models_folder
from tests.benchmarks.flops import config_of, cost
from tests.semicrf.dense import score_map

FAMILY = {"architecture": TRANSFORMER}


def test_constants_of_the_published_model():
    config = find_model("transkun-v2").config()
    assert dataclasses.replace(config, segments=ModelConfig().segments) == ModelConfig()
    assert (config.segments.segment_s, config.segments.hop_s) == (16.0, 12.0)
    assert config.spectrogram.n_frames(705_600) == 691
    assert config.spectrogram.n_bins == 745


@pytest.mark.parametrize("name", [entry.name for entry in all_models()])
def test_shipped_configs_build_and_run_when_shrunk(name):
    config = find_model(models_folder() / name).config()
    small = config
    if isinstance(config, ModelConfig):
        small = dataclasses.replace(config, transformer=TransformerConfig(width=16, n_heads=2, n_layers=1))
    n_samples = 5 * config.spectrogram.hop_samples + 1
    n_tracks = small.tracks.n_tracks
    context, scores = Model(small)(torch.zeros(2, 1, n_samples))
    assert context.shape == (2, n_tracks, 7, small.context_width)
    assert scores.query.shape == (2 * n_tracks, 7, small.context_width)
    assert torch.isfinite(score_map(scores)).all()


def test_the_work_of_the_published_model():
    """The products of its blocks, by hand."""
    n_steps, n_places, width = 89, 149, 256
    of_block = n_steps * n_places * width * width * (4 + 2 + 2 + 16) + 2 * n_steps * n_places * width * (149 + 89)
    of_last = of_block - n_steps * 59 * width * width * (4 + 16 + 2) - 2 * n_steps * 59 * width * (149 + 89)
    work = cost(config_of("transkun-v2")).work["transformer"]
    assert work == pytest.approx(2 * (5 * of_block + of_last) / 1e9 / 12, rel=0.02)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "architecture None given"),
        ({"architecture": "onsets-and-frames"}, "architecture 'onsets-and-frames' given; this version runs"),
        (FAMILY | {"stem": {}}, "unknown setting stem"),
        (FAMILY | {"transformer": {"depth": 6}}, "unknown setting depth in transformer. Known: width"),
        (FAMILY | {"transformer": 3}, "transformer is a group of settings, got 3"),
        (FAMILY | {"transformer": {"n_layers": "six"}}, "transformer.n_layers = 'six'; a whole number is needed"),
        (FAMILY | {"transformer": {"n_layers": True}}, "transformer.n_layers = True; a whole number is needed"),
        (FAMILY | {"transformer": {"n_layers": 0}}, "transformer.n_layers: 0 given; it must be more than 0"),
        (FAMILY | {"transformer": {"width": 100}}, "width: 100 given; it must divide by 16"),
        (FAMILY | {"segments": {"segment_s": 4.0}}, r"hop_s: 8.0 given; at most segment_s \(4.0\)"),
    ],
)
def test_refused(table, message):
    with pytest.raises(ModelError, match=message):
        read_config(table)


def test_whole_numbers_do_for_fractions():
    config = read_config(FAMILY | {"segments": {"segment_s": 16, "hop_s": 14}})
    assert config.segments.hop_s == 14.0


def test_a_window_below_the_highest_frequency_uses_all_bins():
    assert SpectrogramConfig(sample_rate=8000, window_samples=512, max_hz=8000.0).n_bins == 257
