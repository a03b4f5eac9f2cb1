"""The harmonic network: its frontend, the gathering of harmonics, its memory, spectrograms that are shifted."""

import tomllib
from dataclasses import asdict, replace

import numpy as np
import pytest
import tomli_w
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from pianotrans.errors import ModelError
from pianotrans.inference.registry import find_model
from pianotrans.network import Model, read_config
from pianotrans.network.config import TracksConfig
from pianotrans.network.harmonic import HARMONIC, HarmonicModelConfig
from pianotrans.network.harmonic.config import HarmonicConfig, LogSpectrogramConfig
from pianotrans.network.harmonic.gathering import gather
from pianotrans.network.harmonic.memory import remember
from pianotrans.network.harmonic.spectrogram import LogSpectrogram
from pianotrans.shipped import models_folder
from tests.benchmarks.flops import config_of, cost

RATE = 16_000
SPECTROGRAM = LogSpectrogramConfig(RATE, 256, (4096, 1024), max_hz=7000.0)
SMALL = HarmonicModelConfig(
    SPECTROGRAM, HarmonicConfig(stem_width=4, width=16, gathered_width=4, hidden_width=12, dilations=(1, 2))
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def model(config: HarmonicModelConfig = SMALL) -> Model:
    torch.manual_seed(0)
    made = Model(config)
    made.reset_constants()
    for name, weight in made.named_parameters():
        if name.endswith("key_embedding"):
            torch.nn.init.normal_(weight)
    return made.eval()


def slowly_gathered(rows: torch.Tensor, taps: tuple[tuple[int, int], ...], n_keys: int, first: int) -> torch.Tensor:
    """One number at a time."""
    n_clips, n_frames, n_rows, width = rows.shape
    out = torch.zeros(n_clips, n_frames, n_keys, len(taps) * width, dtype=rows.dtype)
    for clip in range(n_clips):
        for frame in range(n_frames):
            for key in range(n_keys):
                for i, (later, higher) in enumerate(taps):
                    t, row = frame + later, first + key + higher
                    if 0 <= t < n_frames and 0 <= row < n_rows:
                        out[clip, frame, key, i * width : (i + 1) * width] = rows[clip, t, row]
    return out


TAPS = st.lists(st.tuples(st.integers(-7, 7), st.integers(-9, 9)), min_size=1, max_size=4).map(tuple)


@settings(max_examples=40, deadline=None)
@given(taps=TAPS, shape=st.tuples(*(st.integers(1, 6) for _ in range(3))), first=st.integers(0, 3))
def test_gathering_and_its_gradient_are_those_of_a_slow_loop(taps, shape, first):
    n_frames, n_rows, n_keys = shape
    rows = noise(2, n_frames, n_rows, 3).double().requires_grad_()
    found, expected = gather(rows, taps, n_keys, first), slowly_gathered(rows, taps, n_keys, first)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    weights = noise(*found.shape, seed=1).double()
    ours, slow = (torch.autograd.grad((x * weights).sum() + 0 * rows.sum(), rows) for x in (found, expected))
    torch.testing.assert_close(ours, slow)


def test_types_that_numpy_lacks_go_by_torch():
    rows, taps = noise(2, 9, 6, 3), ((0, 0), (2, -1), (-3, 4))
    gate = rows.sigmoid()
    for function, arguments in ((lambda x: gather(x, taps, 5, 1), [rows]), (remember, [gate, rows])):
        found = []
        for dtype in (torch.float32, torch.bfloat16):
            given = [x.to(dtype).requires_grad_() for x in arguments]
            result = function(*given)
            found.append([x.float() for x in (result, *torch.autograd.grad(result.sum(), given))])
        torch.testing.assert_close(*found, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("n_frames", [1, 2, 9])
def test_remembering_and_its_gradient_are_those_of_a_slow_loop(n_frames: int):
    gate, value = (noise(2, n_frames, 3, 4, seed=i).double() for i in (0, 1))
    gate, value = gate.sigmoid().requires_grad_(), value.requires_grad_()
    kept, expected = torch.zeros(2, 3, 4, dtype=torch.double), []
    for t in range(n_frames):
        kept = kept + gate[:, t] * (value[:, t] - kept)
        expected.append(kept)
    found = remember(gate, value)
    torch.testing.assert_close(found, torch.stack(expected, dim=1))
    torch.testing.assert_close(remember(gate.detach(), value.detach()), found.detach())
    weights = noise(*found.shape, seed=2).double()
    ours, slow = (
        torch.autograd.grad((x * weights).sum(), (gate, value)) for x in (found, torch.stack(expected, 1))
    )
    torch.testing.assert_close(ours, slow)


def test_a_semitone_up_is_one_track_up():
    """Away from the borders, and without what lets keys differ."""
    near = replace(
        SMALL.harmonic, harmonics=(2, 5), subharmonics=(3,), neighbours=(1,)
    )  # so that there is an "away"
    config = replace(SMALL, harmonic=replace(near, key_embedding=False))
    network, per_semitone = model(config), config.spectrogram.bins_per_semitone
    n_bins, reach = config.spectrogram.n_bins, 24 * per_semitone
    features = torch.zeros(1, 30, n_bins, 2)
    features[:, :, reach : n_bins - reach] = noise(1, 30, n_bins - 2 * reach, 2).abs()
    with torch.inference_mode():
        low = network.backbone(features)
        high = network.backbone(features.roll(per_semitone, dims=2))
    n_pedals, border = len(config.tracks.pedals), 3 * 5 + 3
    keys_low, keys_high = low[0, n_pedals:], high[0, n_pedals:]
    inner = slice(border, len(keys_low) - border)
    torch.testing.assert_close(keys_high[1:][inner], keys_low[:-1][inner], rtol=0, atol=1e-5)
    assert (keys_low[1:][inner] - keys_low[:-1][inner]).abs().max() > 1e-2, "keys differ at all"
    with_keys = model(replace(SMALL, harmonic=near)).backbone(features.roll(per_semitone, dims=2))[0, n_pedals:]
    assert (with_keys[1:] - keys_low[:-1])[inner].abs().max() > 1e-2, "with an embedding they may"


@pytest.mark.parametrize("n_threads", [1, 3])
def test_sweeping_gives_what_the_blocks_give(n_threads: int):
    """Without gradients a segment is worked through some frames at a time, and by each thread for some keys."""
    network, n_before = model(), torch.get_num_threads()
    features = noise(2, 75, SPECTROGRAM.n_bins, 2)
    whole = network.backbone(features).detach()
    torch.set_num_threads(n_threads)
    try:
        with torch.inference_mode():
            torch.testing.assert_close(network.backbone(features), whole, rtol=1e-4, atol=1e-5)
    finally:
        torch.set_num_threads(n_before)


def test_features_are_the_same_by_the_compiled_filters_and_by_products():
    """Where operations are counted nothing is compiled; one thread does all."""
    frontend, samples = LogSpectrogram(SPECTROGRAM), noise(2, 2, 9000)
    frontend.reset_constants()
    with FlopCounterMode(display=False) as counter:
        counted = frontend(samples)
    assert counter.get_total_flops() > 0
    torch.testing.assert_close(frontend(samples), counted, rtol=0, atol=1e-5)


def test_it_looks_ahead_by_half_a_second_at_most():
    """A change in the audio is heard no earlier; the published frame is 23 ms."""
    for name in ("small", "nano"):
        config = find_model(models_folder() / name).config()
        rate, hop = config.spectrogram.sample_rate, config.spectrogram.hop_samples
        network = model(config)
        features = noise(1, 60, config.spectrogram.n_bins, config.spectrogram.n_windows)
        later = features.clone()
        later[:, 40:] += 1.0
        with torch.inference_mode():
            changed = (network.backbone(features) - network.backbone(later)).abs().amax(dim=(0, 1, 3)) > 1e-6
        first = int(changed.nonzero()[0])
        assert changed[40:].all()
        assert hop / rate <= 0.0233
        assert (40 - first) * hop / rate + config.spectrogram.window_samples / 2 / rate <= 0.5


@pytest.mark.parametrize("key", [33, 60, 69, 93])
def test_a_tone_is_loudest_in_the_middle_bin_of_its_key(key: int):
    frontend = LogSpectrogram(SPECTROGRAM)
    frontend.reset_constants()
    tone = torch.sin(2 * torch.pi * 440 * 2 ** ((key - 69) / 12) / RATE * torch.arange(RATE))[None, None]
    features = frontend(tone)
    assert features.shape == (1, RATE // 256 + 2, SPECTROGRAM.n_bins, 2)
    loudest = features[0, 30, :, 0].argmax().item()
    per_semitone = SPECTROGRAM.bins_per_semitone
    assert loudest == (key - SPECTROGRAM.lowest_key) * per_semitone + per_semitone // 2


def test_features_do_not_depend_on_the_level_and_silence_is_nothing():
    frontend = LogSpectrogram(SPECTROGRAM)
    frontend.reset_constants()
    samples = noise(2, 1, 3000)
    torch.testing.assert_close(frontend(0.01 * samples), frontend(samples), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(frontend(samples.repeat(1, 2, 1)), frontend(samples), rtol=1e-4, atol=1e-5)
    assert not frontend(torch.zeros(1, 1, 3000)).any()
    assert frontend(torch.zeros(1, 1, 1)).isfinite().all()


@pytest.mark.parametrize("n_samples", [1, 5000])
def test_tracks_and_frames(n_samples: int):
    tracks = TracksConfig(pedals=("sustain",), lowest_key=30, highest_key=80)
    for config in (SMALL, replace(SMALL, tracks=tracks), replace(SMALL, tracks=replace(tracks, pedals=()))):
        n_tracks, n_frames = config.tracks.n_tracks, config.spectrogram.n_frames(n_samples)
        context, scores = model(config)(noise(2, 1, n_samples))
        assert context.shape == (2, n_tracks, n_frames, 16)
        assert scores.singleton.shape == (2 * n_tracks, n_frames)
        assert context.isfinite().all()


def test_the_configuration_survives_a_file():
    text = tomli_w.dumps({"architecture": HARMONIC, **asdict(SMALL)})
    assert read_config(tomllib.loads(text)) == SMALL


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"harmonic": {"width": 12}}, "harmonic.width: 12 given; at least 16"),
        ({"harmonic": {"dilations": []}}, "harmonic.dilations: none given"),
        ({"harmonic": {"harmonics": [12, 0]}}, r"harmonic.harmonics: \[12, 0\] given"),
        ({"spectrogram": {"windows_samples": []}}, "windows_samples: .* given"),
        ({"spectrogram": {"max_hz": 12_000.0}}, "max_hz: 12000.0 given"),
        ({"spectrogram": {"max_hz": 20.0}}, "max_hz: 20.0 given; it lies below key 21"),
        ({"spectrogram": {"max_hz": 3000.0}}, "tracks: keys 21 to 108 given"),
        ({"transformer": {}}, "unknown setting transformer"),
    ],
)
def test_refused(table: dict[str, object], message: str):
    with pytest.raises(ModelError, match=message):
        read_config({"architecture": HARMONIC, **table})


def test_the_work_of_the_shipped_models():
    """Within the limits that they were chosen under; the products of a block, by hand."""
    small, nano = (cost(config_of(name)) for name in ("small", "nano"))
    assert small.n_parameters <= 300_000
    assert nano.n_parameters <= 60_000
    assert small.total <= 2
    assert nano.total <= small.total / 3
    config = config_of("small")
    assert isinstance(config, HarmonicModelConfig)
    shape = config.harmonic
    n_taps = len(shape.semitones) + 3
    gathering = (
        shape.gathered_width * (shape.width + n_taps * shape.hidden_width) + shape.hidden_width * shape.width
    )
    of_key = len(shape.dilations) * (gathering + shape.width * (3 * shape.width))
    n_frames = config.spectrogram.n_frames(10 * 22_050)
    assert small.work["transformer"] == pytest.approx(2 * n_frames * 88 * of_key / 8.5e9, rel=0.25)


def test_the_frontend_is_not_stored_with_the_weights():
    assert not [name for name in model().state_dict() if name.startswith("spectrogram")]
    assert np.isfinite(sum(weight.sum().item() for weight in model().parameters()))
