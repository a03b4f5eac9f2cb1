"""From what the network says to the log potentials of a lattice.

A beat earns its logit, being a downbeat or not, and the probability of its meter; two neighbouring beats earn the
probability of their distance, as the moments between them see it. Each term has a weight, since the network's
statements are not independent; the weights are learned with the lattice's own likelihood.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pianotrans.score.beats.lattice import N_TEMPO_STEPS, TEMPO_STEP, BarStates, Pairs
from pianotrans.score.beats.network import N_METERS, BeatLogits
from pianotrans.score.beats.periods import N_PERIODS, PER_OCTAVE, SHORTEST_S


class Potentials(NamedTuple):
    """The learned log potentials of a `Lattice`, as tensors of the same shapes."""

    nodes: Tensor
    pairs: Tensor
    tempo: Tensor
    transitions: Tensor


class BeatPotentials(nn.Module):
    """Weighs the terms of a lattice against each other."""

    def __init__(self) -> None:
        super().__init__()
        self.beat_weight = nn.Parameter(torch.tensor(0.6))
        self.beat_bias = nn.Parameter(torch.tensor(0.0))
        self.downbeat_weight = nn.Parameter(torch.tensor(0.6))
        self.meter_weight = nn.Parameter(torch.tensor(0.3))
        self.period_weight = nn.Parameter(torch.tensor(0.8))
        self.log_tempo_width = nn.Parameter(torch.tensor(math.log(0.10)))  # octaves
        self.tempo_tail = nn.Parameter(torch.tensor(-4.0))  # logit of the share of arbitrary changes of tempo
        self.meter_change = nn.Parameter(torch.tensor(-5.0))
        self.broken_bar = nn.Parameter(torch.tensor(-7.0))

    def forward(self, logits: BeatLogits, index: Pairs, bars: BarStates) -> Potentials:
        """`logits` of one piece, without a batch axis."""
        return Potentials(self._nodes(logits, bars), self._pairs(logits, index), self._tempo(), self._moves(bars))

    def _nodes(self, logits: BeatLogits, bars: BarStates) -> Tensor:
        beat = self.beat_weight * logits.beat + self.beat_bias
        log_meter = torch.log_softmax(logits.meter, dim=-1) + math.log(N_METERS)  # 0 where nothing is known
        of_meter = log_meter[:, torch.as_tensor(bars.meter - 1)]
        sign = torch.as_tensor(1.0 - 2.0 * (bars.position > 0))
        bar = nn.functional.logsigmoid(logits.downbeat[:, None] * sign)
        return beat[:, None] + self.downbeat_weight * bar + self.meter_weight * of_meter

    def _pairs(self, logits: BeatLogits, index: Pairs) -> Tensor:
        log_period = torch.log_softmax(logits.period, dim=-1) + math.log(N_PERIODS)
        total = nn.functional.pad(torch.cumsum(log_period.double(), dim=0), (0, 0, 1, 0))
        begin, end = torch.as_tensor(index.begin), torch.as_tensor(index.end)
        position = torch.as_tensor(PER_OCTAVE * (index.log_period - math.log2(SHORTEST_S)))
        position = position.clamp(0, N_PERIODS - 1.001)
        low = position.long()
        upper = position - low
        at_low, at_high = (total[end, column] - total[begin, column] for column in (low, low + 1))
        mean = ((1 - upper) * at_low + upper * at_high) / (end - begin)
        return self.period_weight * mean.to(log_period.dtype)

    def _tempo(self) -> Tensor:
        """A Laplace distribution of the tempo's logarithm, with a tail for changes of any size; 0 at its peak."""
        steps = torch.arange(-N_TEMPO_STEPS, N_TEMPO_STEPS + 1, dtype=self.tempo_tail.dtype)
        ratio = TEMPO_STEP * steps.abs()
        log_laplace = nn.functional.logsigmoid(-self.tempo_tail) - ratio / self.log_tempo_width.exp()
        return torch.logaddexp(log_laplace, nn.functional.logsigmoid(self.tempo_tail).expand_as(log_laplace))

    def _moves(self, bars: BarStates) -> Tensor:
        allowed = torch.as_tensor(bars.transitions(0.0, 0.0)).to(self.meter_change.dtype)
        is_change = torch.as_tensor(bars.meter[:, None] != bars.meter)
        is_broken = torch.as_tensor((bars.position + 1 < bars.meter)[:, None] & (bars.position == 0))
        return allowed + is_change * self.meter_change + is_broken * self.broken_bar
