"""What each key remembers: values that are kept until a gate lets others in.

A recurrent unit whose gate does not look at what is remembered (minGRU; Feng et al., arXiv 2410.01201). It hears
nothing of the future. Axes: C clips, T frames, K keys or tracks, D width.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from pianotrans.network.harmonic import compiled

_PERIODS = (16, 45, 128, 362)  # frames
_GATE_BIASES = (-4.0, 1.0)  # at first a memory lasts from less than a frame to 50
_OPENS = (2.0, -8.0)  # how far a pointer is opened by the logit of an onset, at first: scale and bias

CLOCK_WIDTH = 2 * len(_PERIODS)


class Memory(nn.Module):
    """What a key has heard, and when: with a clock to read, the memory of an onset tells that one from others."""

    def __init__(self, width: int):
        super().__init__()
        self.gate = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.clock = nn.Linear(CLOCK_WIDTH, width, bias=False)
        self.output = nn.Linear(width, width)
        with torch.no_grad():
            self.gate.bias.copy_(torch.linspace(*_GATE_BIASES, width))
            self.output.weight.mul_(0.5)

    def forward(self, x: Tensor, clock: Tensor) -> Tensor:
        """(C, T, K, D), with a clock (C, T, 1, n) → the same shape."""
        gate = torch.sigmoid(self.gate(x))
        return self.output(remember(gate, self.value(x) + self.clock(clock)))


class Pointer(nn.Module):
    """What the clock said at the last onset of a track, for as long as nothing else begins there.

    All frames of a note have the same, and those of the next one another: an inner product tells whether an onset
    and an offset belong together. What sounds from the beginning on points there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.opening = nn.Parameter(torch.tensor(_OPENS))

    def forward(self, onset: Tensor, clock: Tensor) -> Tensor:
        """Logits of onsets (C, T, N), up to a constant, and a clock (C, T, 1, n) → (C, T, N, n)."""
        scale, bias = self.opening.unbind()
        gate = torch.sigmoid(scale * onset + bias)
        gate = torch.cat([torch.ones_like(gate[:, :1]), gate[:, 1:]], dim=1)[..., None]
        shape = (*onset.shape, clock.shape[-1])
        return remember(gate.expand(shape), clock.expand(shape))


def read_clock(n_frames: int, phases: Tensor) -> Tensor:
    """Sines and cosines of time, (C, n_frames, 1, n) given phases (C, n / 2) from 0 to 1."""
    periods = torch.tensor(_PERIODS, device=phases.device, dtype=phases.dtype)
    frames = torch.arange(n_frames, device=phases.device, dtype=phases.dtype)
    turns = 2 * math.pi * (frames[:, None] / periods + phases[:, None])
    return torch.cat([turns.sin(), turns.cos()], dim=-1)[:, :, None]


def draw_phases(n_clips: int, like: Tensor, *, at_random: bool) -> Tensor:
    """Where the clock of each clip stands, (n_clips, n / 2): in training anywhere, for the same at every length."""
    shape = (n_clips, len(_PERIODS))
    return like.new_empty(shape).uniform_() if at_random else like.new_zeros(shape)


def remember(gate: Tensor, value: Tensor) -> Tensor:
    """h[t] = h[t-1] + gate[t] · (value[t] - h[t-1]) along axis 1, from nothing; all (C, T, K, D)."""
    if torch.is_grad_enabled() and (gate.requires_grad or value.requires_grad):
        kept: Tensor = _Remember.apply(gate, value)
        return kept
    return _remember(gate, value)


def _remember(gate: Tensor, value: Tensor) -> Tensor:
    if compiled.is_for_compiled(gate):
        gate, value = gate.contiguous(), value.contiguous()
        kept = torch.empty_like(gate)
        compiled.remember(*(_flat(x) for x in (gate, value, kept)))
        return kept
    kept = gate * value
    for t in range(1, gate.shape[1]):
        kept[:, t].addcmul_(kept[:, t - 1], 1 - gate[:, t])
    return kept


def _flat(x: Tensor) -> Any:
    return compiled.array(x.flatten(2))


class _Remember(torch.autograd.Function):
    """One pass back through time; autograd would keep every step of it."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, value: Tensor) -> Tensor:
        kept = _remember(gate, value)
        ctx.save_for_backward(gate, value, kept)
        return kept

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gate, value, kept = ctx.saved_tensors
        onward = grad.clone(memory_format=torch.contiguous_format)
        if compiled.is_for_compiled(grad):
            by_gate = torch.empty_like(onward)
            compiled.remember_backward(
                *(_flat(x.contiguous()) for x in (gate, value, kept)), _flat(onward), _flat(by_gate)
            )
            return by_gate, onward
        for t in range(gate.shape[1] - 2, -1, -1):
            onward[:, t].addcmul_(onward[:, t + 1], 1 - gate[:, t + 1])
        before = torch.zeros_like(kept)
        before[:, 1:] = kept[:, :-1]
        return onward * (value - before), onward * gate
