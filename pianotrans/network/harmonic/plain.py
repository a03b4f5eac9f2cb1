"""The harmonic network once more, in the operations that other runtimes have, for one clip of any length.

What `spectrogram.py` and `backbone.py` do fast, this does plainly, with their weights; the results are the same to
rounding. Axes: A audio channels, T frames, B bins, W windows, R rows (one for each semitone), K keys, P pedals, N
tracks, D width.
"""

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan  # the one way to a loop in an exported graph

from pianotrans.network.harmonic.backbone import (
    _N_FRAMEWISE,
    HarmonicBackbone,
    HarmonicBlock,
    HarmonicStem,
    PedalTracks,
)
from pianotrans.network.harmonic.config import HarmonicModelConfig, LogSpectrogramConfig
from pianotrans.network.harmonic.gathering import Tap
from pianotrans.network.harmonic.memory import CLOCK_WIDTH, Memory, Pointer, read_clock
from pianotrans.network.harmonic.spectrogram import log_filterbank
from pianotrans.network.spectrogram import divide_by_std, log_scale, power_of_frames
from pianotrans.network.transformer import rms_norm


def plain_features(samples: Tensor, config: LogSpectrogramConfig) -> Tensor:
    """Samples (A, n) → (T, B, W), as `LogSpectrogram`; filters are made in the graph, as they are large."""
    deviations = samples - samples.mean()
    samples = divide_by_std(deviations, deviations.square().mean().sqrt())
    n_samples, hop = samples.shape[-1], config.hop_samples
    last = (config.n_frames(n_samples) - 1) * hop
    maps = []
    for length in config.windows_samples:
        window = torch.hann_window(length)
        filters = log_filterbank(length, config)
        padded = nn.functional.pad(samples, (length // 2, last + length - length // 2 - n_samples))
        power = power_of_frames(padded, window / window.square().sum().sqrt(), hop)
        maps.append(log_scale(power[:, : len(filters)] @ filters))
    return torch.stack(maps, dim=-1)


def plain_context(backbone: HarmonicBackbone, features: Tensor, config: HarmonicModelConfig) -> Tensor:
    """Features (T, B, W) → context (N, T, D), as `HarmonicBackbone`."""
    first = config.tracks.lowest_key - config.spectrogram.lowest_key
    n_keys = config.tracks.highest_key - config.tracks.lowest_key + 1
    taps: tuple[Tap, ...] = tuple((0, semitones) for semitones in config.harmonic.semitones)
    clock = read_clock(features.shape[0], features.new_zeros(1, CLOCK_WIDTH // 2))[0]  # (T, 1, n)
    x = backbone.input(_gather(_stem(backbone.stem, features), taps, n_keys, first))
    if backbone.key_embedding is not None:
        x = x + backbone.key_embedding
    for block in backbone.blocks:
        assert isinstance(block, HarmonicBlock)
        gathered = _gather(block.reduce(rms_norm(x)), block.taps, n_keys)
        x = x + block.scale * block.contract(nn.functional.gelu(block.expand(gathered)))
        x = x + _memory(block.memory, rms_norm(x), clock)
    if backbone.pedals is not None:
        x = torch.cat([_pedals(backbone.pedals, x, clock), x], dim=1)
    framewise, others = backbone.output(rms_norm(x)).tensor_split([_N_FRAMEWISE], dim=-1)
    pointer = _pointer(backbone.pointer, framewise[..., 0], clock)
    return torch.cat([framewise, pointer, others], dim=-1).transpose(0, 1)


def _stem(stem: HarmonicStem, features: Tensor) -> Tensor:
    x = features.permute(2, 0, 1)[None]
    for convolution in (stem.input, stem.middle, stem.output):
        x = nn.functional.gelu(convolution(x))
    return x[0].permute(1, 2, 0)


def _gather(rows: Tensor, taps: tuple[Tap, ...], n_keys: int, first: int = 0) -> Tensor:
    """Rows (T, R, D) → (T, n_keys, n · D), as `gather`: slices of a map with zeros around it."""
    n_frames, n_rows, _ = rows.shape
    later, higher = zip(*taps, strict=True)
    before, after = max(0, -min(later)), max(0, *later)
    below, above = max(0, -first - min(higher)), max(0, first + max(higher) + n_keys - n_rows)
    padded = nn.functional.pad(rows, (0, 0, below, above, before, after))
    of_keys = [padded[:, below + first + n : below + first + n + n_keys] for n in higher]
    return torch.cat(
        [some[before + n : before + n + n_frames] for some, n in zip(of_keys, later, strict=True)], dim=-1
    )


def _memory(memory: Memory, x: Tensor, clock: Tensor) -> Tensor:
    gate = torch.sigmoid(memory.gate(x))
    return memory.output(_remember(gate, memory.value(x) + memory.clock(clock)))


def _pointer(pointer: Pointer, onset: Tensor, clock: Tensor) -> Tensor:
    scale, bias = pointer.opening.unbind()
    gate = torch.sigmoid(scale * onset + bias)
    gate = torch.cat([torch.ones_like(gate[:1]), gate[1:]])[..., None]
    shape = (*onset.shape, clock.shape[-1])
    return _remember(gate.expand(shape), clock.expand(shape))


def _pedals(pedals: PedalTracks, keys: Tensor, clock: Tensor) -> Tensor:
    pooled = torch.cat([keys.mean(dim=1), keys.amax(dim=1)], dim=-1)
    x = pedals.output(nn.functional.gelu(pedals.hidden(pooled))).unflatten(-1, (-1, keys.shape[-1]))
    return x + _memory(pedals.memory, rms_norm(x), clock)


def _remember(gate: Tensor, value: Tensor) -> Tensor:
    """Both (T, K, D), as `remember`: a loop that the graph holds once, whatever the number of frames."""

    def step(kept: Tensor, now: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        kept = kept + now[0] * (now[1] - kept)
        return kept, kept.clone()

    _, every = scan(step, torch.zeros_like(value[0]), (gate, value), dim=0)
    return every
