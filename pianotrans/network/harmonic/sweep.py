"""The keys of the harmonic network without gradients: some frames at a time, which stay in the caches of a core.

The same as `HarmonicBackbone.keys`; that whole maps are written to memory and read again takes it twice as long.
Axes: C clips, T frames, R rows, K keys, D width.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pianotrans.network.harmonic import compiled
from pianotrans.network.harmonic.compiled import array
from pianotrans.network.harmonic.gathering import Tap, gather

if TYPE_CHECKING:
    from pianotrans.network.harmonic.backbone import HarmonicBackbone, HarmonicBlock


_FRAMES_AT_ONCE = 16  # what they gather is 1.3 MB


def can_sweep(x: Tensor) -> bool:
    """Whether `sweep_keys` takes a map: in float32, on the CPU, and no gradients are wanted."""
    is_precise = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return is_precise and not torch.is_grad_enabled() and compiled.is_for_compiled(x)


def sweep_keys(backbone: "HarmonicBackbone", stem: Tensor, clock: Tensor) -> Tensor:
    """(C, T, R, D of the stem), with a clock (C, T, 1, n) → (C, T, K, D)."""
    clips = []
    for rows, time in zip(stem.contiguous(), clock[:, :, 0], strict=True):
        x = _begin(backbone, rows)
        for block in backbone.blocks:
            _go_through(block, x, time)  # type: ignore[arg-type]
        clips.append(x)
    return torch.stack(clips)


def normalise(x: Tensor) -> Tensor:
    """As `transformer.rms_norm`."""
    x = x.contiguous()
    normed = torch.empty_like(x)
    compiled.normalise(array(x.flatten(0, -2)), array(normed.flatten(0, -2)))
    return normed


def _begin(backbone: "HarmonicBackbone", rows: Tensor) -> Tensor:
    """What each key begins with, (T, K, D)."""
    layer, parts = backbone.input, []
    for some in _parts(len(rows)):
        gathered = _gathered(rows, backbone.taps, backbone.n_keys, backbone.first, some)
        parts.append(torch.mm(gathered, layer.weight.t()).view(len(some), backbone.n_keys, -1))
    bias = layer.bias if backbone.key_embedding is None else layer.bias + backbone.key_embedding
    return torch.cat(parts).add_(bias)


def _go_through(block: "HarmonicBlock", x: Tensor, clock: Tensor) -> None:
    """A block, in place of x (T, K, D)."""
    n_frames, n_keys, _ = x.shape
    memory, contract = block.memory, block.scale[:, None] * block.contract.weight
    listen = torch.cat([memory.gate.weight, memory.value.weight])
    offsets = torch.cat([memory.gate.bias.expand(n_frames, -1), memory.value.bias + memory.clock(clock)], dim=1)
    reduced, remembered = _reduced(block, x), torch.zeros_like(x[0])
    for some in _parts(n_frames):
        frames = slice(some.start, some.stop)
        part = x[frames].flatten(0, 1)  # a view
        hidden = torch.mm(_gathered(reduced, block.taps, n_keys, 0, some), block.expand.weight.t())
        compiled.gelu(array(hidden), array(block.expand.bias))
        part.addmm_(hidden, contract.t()).add_(block.scale * block.contract.bias)
        heard = torch.mm(normalise(part), listen.t()).view(len(some), n_keys, -1)
        kept = torch.empty_like(x[frames])
        compiled.go_on(array(heard), array(offsets[frames]), array(remembered), array(kept))
        part.addmm_(kept.flatten(0, 1), memory.output.weight.t()).add_(memory.output.bias)


def _reduced(block: "HarmonicBlock", x: Tensor) -> Tensor:
    """What a block gathers from, (T, K, D) → (T, K, less)."""
    weight = block.reduce.weight.t()
    maps = [torch.mm(normalise(x[some.start : some.stop].flatten(0, 1)), weight) for some in _parts(len(x))]
    return torch.cat(maps).add_(block.reduce.bias).view(*x.shape[:2], -1)


def _parts(n_frames: int) -> Iterator[range]:
    for first in range(0, n_frames, _FRAMES_AT_ONCE):
        yield range(first, min(first + _FRAMES_AT_ONCE, n_frames))


def _gathered(rows: Tensor, taps: tuple[Tap, ...], n_keys: int, first: int, frames: range) -> Tensor:
    """(T, R, D) → (frames · n_keys, n · D)."""
    return gather(rows[None], taps, n_keys, first, frames).flatten(0, 2)
