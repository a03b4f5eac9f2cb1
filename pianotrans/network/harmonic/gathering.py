"""Each key takes what lies around it: at its harmonics, beside it, before and after it.

Axes: C clips, T frames, R rows (one for each semitone), K keys, D width, n taps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from pianotrans.network.harmonic import compiled
from pianotrans.network.harmonic.compiled import array

Tap = tuple[int, int]
"""Where to look from a key at a frame: frames later, semitones higher; negative ones earlier and lower."""


def gather(rows: Tensor, taps: tuple[Tap, ...], n_keys: int, first: int = 0) -> Tensor:
    """Rows (C, T, R, D) → (C, T, n_keys, n · D): what lies at each tap, side by side; zeros outside the map.

    Key 0 is row `first`. A sparse convolution is this and one product of matrices, which keeps a core busier than
    convolutions with mostly empty kernels.
    """
    gathered: Tensor = _Gather.apply(rows, taps, range(first, first + n_keys))
    return gathered


class _Gather(torch.autograd.Function):
    """The gradient adds up in place; autograd would make a map as large as the rows for every tap."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, taps: tuple[Tap, ...], keys: range) -> Tensor:
        ctx.about = (rows.shape, taps, keys)
        gathered = rows.new_empty(*rows.shape[:2], len(keys), len(taps), rows.shape[-1])
        if compiled.is_for_compiled(rows):
            compiled.gather(array(rows.contiguous()), shifts(taps), 0, keys.start, array(gathered))
            return gathered.flatten(3)
        for i, part in enumerate(_parts(rows.shape, taps, keys)):
            at, inside = part.at, part.keys
            gathered[:, at, inside, i] = rows[:, part.frames, part.rows]
            for outside in (gathered[:, : at.start], gathered[:, at.stop :]):
                outside[..., i, :] = 0
            for outside in (gathered[:, at, : inside.start], gathered[:, at, inside.stop :]):
                outside[..., i, :] = 0
        return gathered.flatten(3)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        shape, taps, keys = ctx.about
        by_tap = grad.unflatten(3, (len(taps), shape[3]))
        by_row = grad.new_zeros(shape)
        if compiled.is_for_compiled(grad):
            compiled.scatter(array(by_tap.contiguous()), shifts(taps), keys.start, array(by_row))
            return by_row, None, None
        for i, part in enumerate(_parts(shape, taps, keys)):
            by_row[:, part.frames, part.rows] += by_tap[:, part.at, part.keys, i]
        return by_row, None, None


@cache
def shifts(taps: tuple[Tap, ...]) -> NDArray[np.int64]:
    """Taps as the compiled functions take them, (n, 2)."""
    return np.array(taps, np.int64).reshape(-1, 2)


@dataclass(frozen=True)
class _Overlap:
    """Of one tap: what lies within the map, and for whom."""

    frames: slice
    rows: slice
    at: slice  # frames that gather
    keys: slice


def _parts(shape: torch.Size, taps: tuple[Tap, ...], keys: range) -> Iterator[_Overlap]:
    _, n_frames, n_rows, _ = shape
    for later, higher in taps:
        at, there = _overlap(n_frames, later, n_frames)
        inside, rows = _overlap(len(keys), keys.start + higher, n_rows)
        yield _Overlap(there, rows, at, inside)


def _overlap(n: int, shift: int, n_there: int) -> tuple[slice, slice]:
    """Of the places 0 to n - 1 those that lie in 0 to n_there - 1 once shifted: before, and after."""
    begin = min(max(0, -shift), n)
    end = max(min(n, n_there - shift), begin)
    return slice(begin, end), slice(begin + shift, end + shift) if begin < end else slice(0, 0)
