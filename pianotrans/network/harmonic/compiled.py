"""Steps of the harmonic network compiled for the CPU, where torch would pass over a map several times.

Axes: C clips, T frames, R rows, K keys, D width, n taps. All arrays are contiguous.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from pianotrans.compiling import compiled
from pianotrans.semicrf.compiled import FAST_SUM, exp

_FAST = {"nnan", "nsz", "contract"}
_EPS = 1e-6  # of `transformer.rms_norm`
_f32 = np.float32


def is_for_compiled(x: Tensor) -> bool:
    """Whether the functions here take a tensor: one with numbers, on the CPU, of a type that numpy has."""
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and not torch.compiler.is_compiling()  # nor exported: there are no numbers then
        and not is_in_torch_dispatch_mode()  # which counts torch's operations
    )


def array(x: Tensor) -> Any:
    """The numbers of a contiguous tensor, which stay its own."""
    return x.detach().numpy()


@compiled(fastmath=FAST_SUM)
def filter_power(spectrum, filters, spans, power):  # type: ignore[no-untyped-def]
    """Spectra (C, A, T, at least n) to their power under filters (B, n), the mean of A: (C, T, B), filled in.

    Filter b is zero but from spans[b, 0] to spans[b, 1] - 1.
    """
    n_clips, n_channels, n_frames, _ = spectrum.shape
    n_filters, n_bins = filters.shape
    share, of_bin = _f32(1 / n_channels), np.empty(n_bins, np.float32)
    for c in range(n_clips):
        for t in range(n_frames):
            of_bin[:] = 0
            for a in range(n_channels):
                row = spectrum[c, a, t]
                for i in range(n_bins):
                    of_bin[i] += share * (row[i].real * row[i].real + row[i].imag * row[i].imag)
            for b in range(n_filters):
                total = _f32(0)
                for i in range(spans[b, 0], spans[b, 1]):
                    total += of_bin[i] * filters[b, i]
                power[c, t, b] = total


@compiled()
def gather(rows, shifts, first_frame, first_key, gathered):  # type: ignore[no-untyped-def]
    """Rows (C, T, R, D) to gathered (C, frames, K, n, D); shifts (n, 2) are frames and rows."""
    n_clips, n_frames, n_rows, width = rows.shape
    _, n_gathering, n_keys, n_taps, _ = gathered.shape
    for c in range(n_clips):
        for frame in range(n_gathering):
            for key in range(n_keys):
                for i in range(n_taps):
                    t, row = first_frame + frame + shifts[i, 0], first_key + key + shifts[i, 1]
                    if 0 <= t < n_frames and 0 <= row < n_rows:
                        for d in range(width):
                            gathered[c, frame, key, i, d] = rows[c, t, row, d]
                    else:
                        gathered[c, frame, key, i] = 0


@compiled()
def scatter(gathered, shifts, first_key, rows):  # type: ignore[no-untyped-def]
    """The gradient of `gather` from the first frame on: adds what was gathered to the rows it was taken from."""
    n_clips, n_frames, n_rows, width = rows.shape
    _, _, n_keys, n_taps, _ = gathered.shape
    for c in range(n_clips):
        for frame in range(n_frames):
            for key in range(n_keys):
                for i in range(n_taps):
                    t, row = frame + shifts[i, 0], first_key + key + shifts[i, 1]
                    if 0 <= t < n_frames and 0 <= row < n_rows:
                        for d in range(width):
                            rows[c, t, row, d] += gathered[c, frame, key, i, d]


@compiled(fastmath=_FAST)
def remember(gate, value, kept):  # type: ignore[no-untyped-def]
    """As `memory.remember`; all (C, T, K · D)."""
    n_clips, n_frames, width = gate.shape
    for c in range(n_clips):
        for i in range(width):
            kept[c, 0, i] = gate[c, 0, i] * value[c, 0, i]
        for t in range(1, n_frames):
            for i in range(width):
                before = kept[c, t - 1, i]
                kept[c, t, i] = before + gate[c, t, i] * (value[c, t, i] - before)


@compiled(fastmath=_FAST)
def remember_backward(gate, value, kept, onward, by_gate):  # type: ignore[no-untyped-def]
    """Turns `onward`, the gradient by what is kept, into that by the values, and fills in that by the gate."""
    n_clips, n_frames, width = gate.shape
    for c in range(n_clips):
        for t in range(n_frames - 1, 0, -1):
            for i in range(width):
                grad, passed = onward[c, t, i], onward[c, t, i] * gate[c, t, i]
                by_gate[c, t, i] = grad * (value[c, t, i] - kept[c, t - 1, i])
                onward[c, t - 1, i] += grad - passed
                onward[c, t, i] = passed
        for i in range(width):
            by_gate[c, 0, i] = onward[c, 0, i] * value[c, 0, i]
            onward[c, 0, i] *= gate[c, 0, i]


@compiled(fastmath=FAST_SUM, error_model="numpy")
def normalise(x, normed):  # type: ignore[no-untyped-def]
    """As `transformer.rms_norm`, of (n, D)."""
    n_rows, width = x.shape
    for i in range(n_rows):
        total = _f32(0)
        for d in range(width):
            total += x[i, d] * x[i, d]
        inverse = _f32(1 / math.sqrt(total / width + _EPS))
        for d in range(width):
            normed[i, d] = x[i, d] * inverse


@compiled(fastmath=_FAST, error_model="numpy")
def gelu(x, bias):  # type: ignore[no-untyped-def]
    """The exact GELU of x + bias to 5e-7, in place of x; (n, D) and (D,).

    The tail of the normal distribution by Abramowitz & Stegun, Handbook of Mathematical Functions, 7.1.26.
    """
    n_rows, width = x.shape
    for i in range(n_rows):
        for d in range(width):
            u = x[i, d] + bias[d]
            a = abs(u) * _f32(math.sqrt(0.5))
            t = _f32(1) / (_f32(1) + _f32(0.3275911) * a)
            p = _f32(1.061405429)
            p = p * t - _f32(1.453152027)
            p = p * t + _f32(1.421413741)
            p = p * t - _f32(0.284496736)
            p = p * t + _f32(0.254829592)
            x[i, d] = max(u, _f32(0)) - abs(u) * _f32(0.5) * p * t * exp(-a * a)


@compiled(fastmath=_FAST, error_model="numpy")
def go_on(gate_and_value, offsets, remembered, kept):  # type: ignore[no-untyped-def]
    """What `memory.Memory` keeps of frames that follow upon others, (T, K, D).

    Args:
        gate_and_value: (T, K, 2 · D), without the sigmoid, biases and clock.
        offsets: (T, 2 · D), which are added to them.
        remembered: (K, D), of the frame before; afterwards of the last one.
        kept: (T, K, D), filled in.
    """
    n_frames, n_keys, width = kept.shape
    for t in range(n_frames):
        for k in range(n_keys):
            for d in range(width):
                logit = gate_and_value[t, k, d] + offsets[t, d]
                value = gate_and_value[t, k, width + d] + offsets[t, width + d]
                gate = _f32(1) / (_f32(1) + exp(min(-logit, _f32(40))))
                remembered[k, d] += gate * (value - remembered[k, d])
                kept[t, k, d] = remembered[k, d]
