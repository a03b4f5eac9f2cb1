"""The keys of the harmonic network without gradients: some frames at a time, which stay in the caches of a core.

The same as `HarmonicBackbone.keys`; that whole maps are written to memory and read again takes it twice as long.
Each thread takes some of the keys all the way, and waits for the others once in a block.
Axes: C clips, T frames, R rows, K keys, D width.
"""

import math
from collections.abc import Iterator
from threading import Barrier
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from pianotrans.network.harmonic import compiled
from pianotrans.network.harmonic.compiled import array
from pianotrans.network.harmonic.gathering import Tap, shifts
from pianotrans.semicrf.threads import over_parts

if TYPE_CHECKING:
    from pianotrans.network.harmonic.backbone import HarmonicBackbone, HarmonicBlock


_FRAMES_AT_ONCE = 16  # what they gather is 1.3 MB


def can_sweep(x: Tensor) -> bool:
    """Whether `sweep_keys` takes a map: in float32, on the CPU, and no gradients are wanted."""
    is_precise = x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    return is_precise and not torch.is_grad_enabled() and compiled.is_for_compiled(x)


def sweep_keys(backbone: "HarmonicBackbone", stem: Tensor, clock: Tensor) -> Tensor:
    """(C, T, R, D of the stem), with a clock (C, T, 1, n) → (C, T, K, D)."""
    x = stem.new_empty(*stem.shape[:2], backbone.n_keys, backbone.config.width)
    for rows, time, keys in zip(stem.contiguous(), clock[:, :, 0], x, strict=True):
        _sweep(backbone, rows, time, keys)
    return x


def normalise(x: Tensor) -> Tensor:
    """As `transformer.rms_norm`."""
    x = x.contiguous()
    return _normalise(x.flatten(0, -2), _Room()).view(x.shape)


class _Room:
    """Memory by name that is used again: the first touch of fresh memory takes long."""

    def __init__(self) -> None:
        self._flat: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """A tensor of any numbers, which was perhaps given out under this name before."""
        n = math.prod(shape)
        if name not in self._flat or len(self._flat[name]) < n:
            self._flat[name] = torch.empty(n)
        return self._flat[name][:n].view(shape)


def _sweep(backbone: "HarmonicBackbone", rows: Tensor, clock: Tensor, x: Tensor) -> None:
    """Fill in x (T, K, D), from the rows of one clip."""
    n_frames, n_keys, _ = x.shape
    reduced = [rows.new_empty(n_frames, n_keys, backbone.config.gathered_width) for _ in backbone.blocks]
    n_threads = min(torch.get_num_threads(), n_keys)
    everyone = Barrier(n_threads)

    def work(keys: slice) -> None:
        room = _Room()
        try:
            ours = _begin(backbone, rows, keys, room)
            for block, around in zip(backbone.blocks, reduced, strict=True):
                _reduce(block, ours, around[:, keys], room)  # type: ignore[arg-type]
                everyone.wait()
                _go_through(block, ours, around, keys, clock, room)  # type: ignore[arg-type]
            x[:, keys] = ours
        except BaseException:
            everyone.abort()
            raise

    over_parts(work, n_keys, x.device, n_threads)


def _begin(backbone: "HarmonicBackbone", rows: Tensor, keys: slice, room: _Room) -> Tensor:
    """What some keys begin with, (T, K, D)."""
    layer, n_keys = backbone.input, keys.stop - keys.start
    bias = layer.bias if backbone.key_embedding is None else layer.bias + backbone.key_embedding[keys]
    x = rows.new_empty(len(rows), n_keys, layer.out_features)
    for some in _parts(len(rows)):
        gathered = _gather(rows, backbone.taps, backbone.first + keys.start, n_keys, some, room)
        torch.mm(gathered, layer.weight.t(), out=x[some].flatten(0, 1))
        x[some].add_(bias)
    return x


def _reduce(block: "HarmonicBlock", x: Tensor, reduced: Tensor, room: _Room) -> None:
    """What a block gathers from, (T, K, D) → (T, K, less)."""
    for some in _parts(len(x)):
        products = _multiply(_normalise(x[some].flatten(0, 1), room), block.reduce.weight, "reduced", room)
        torch.add(products.view(reduced[some].shape), block.reduce.bias, out=reduced[some])


def _go_through(block: "HarmonicBlock", x: Tensor, around: Tensor, keys: slice, clock: Tensor, room: _Room) -> None:
    """A block, in place of x (T, K, D), some keys; `around` (T, all keys, less) is what they gather from."""
    n_frames, n_keys, width = x.shape
    memory, contract = block.memory, block.scale[:, None] * block.contract.weight
    contract_bias = block.scale * block.contract.bias
    listen = torch.cat([memory.gate.weight, memory.value.weight])
    offsets = torch.cat([memory.gate.bias.expand(n_frames, -1), memory.value.bias + memory.clock(clock)], dim=1)
    remembered = torch.zeros_like(x[0])
    for some in _parts(n_frames):
        part = x[some].flatten(0, 1)  # a view
        gathered = _gather(around, block.taps, keys.start, n_keys, some, room)
        hidden = _multiply(gathered, block.expand.weight, "hidden", room)
        compiled.gelu(array(hidden), array(block.expand.bias))
        part.addmm_(hidden, contract.t()).add_(contract_bias)
        heard = _multiply(_normalise(part, room), listen, "heard", room).view(-1, n_keys, 2 * width)
        kept = room.take("kept", len(heard), n_keys, width)
        compiled.go_on(array(heard), array(offsets[some]), array(remembered), array(kept))
        part.addmm_(kept.flatten(0, 1), memory.output.weight.t()).add_(memory.output.bias)


def _parts(n_frames: int) -> Iterator[slice]:
    for first in range(0, n_frames, _FRAMES_AT_ONCE):
        yield slice(first, min(first + _FRAMES_AT_ONCE, n_frames))


def _gather(rows: Tensor, taps: tuple[Tap, ...], first: int, n_keys: int, frames: slice, room: _Room) -> Tensor:
    """As `gathering.gather`, (T, R, D) → (frames · n_keys, n · D)."""
    gathered = room.take("gathered", 1, frames.stop - frames.start, n_keys, len(taps), rows.shape[-1])
    compiled.gather(array(rows[None]), shifts(taps), frames.start, first, array(gathered))
    return gathered.view(-1, len(taps) * rows.shape[-1])


def _multiply(x: Tensor, weight: Tensor, name: str, room: _Room) -> Tensor:
    return torch.mm(x, weight.t(), out=room.take(name, len(x), len(weight)))


def _normalise(x: Tensor, room: _Room) -> Tensor:
    normed = room.take("normed", *x.shape)
    compiled.normalise(array(x), array(normed))
    return normed
