"""Velocity, sub-frame position and presence of an interval (README §7).

Axes: n intervals, D width of the context.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

N_VELOCITIES = 128
_DROPOUT = 0.1
_POSITION_RANGE = 0.99  # positions are trained as 0.99·p + 0.5, so that they stay off the ends of (0, 1)


@dataclass(frozen=True)
class Attributes:
    """Attributes of n intervals; positions in frames, within [-0.5, 0.5]."""

    velocity: Tensor  # (n,) int64, the mode
    onset_position: Tensor  # (n,)
    offset_position: Tensor  # (n,)
    onset_present: Tensor  # (n,) bool: the onset is really in this segment
    offset_present: Tensor  # (n,) bool


class Perceptron(nn.Module):
    """One hidden layer with GELU, and with dropout in training."""

    def __init__(self, n_in: int, n_hidden: int, n_out: int, dropout: nn.Dropout):
        super().__init__()
        self.hidden = nn.Linear(n_in, n_hidden)
        self.dropout = dropout
        self.output = nn.Linear(n_hidden, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """(n, n_in) → (n, n_out)."""
        return self.output(self.dropout(nn.functional.gelu(self.hidden(x))))


class AttributeHeads(nn.Module):
    """Reads the attributes of an interval off the context of its two ends.

    `dropout.p` matters in training only. The velocity is the most probable one, or the median.
    """

    def __init__(self, context_width: int, hidden: int, *, reads_median_velocity: bool = False):
        super().__init__()
        self.reads_median_velocity = reads_median_velocity
        n_in = 3 * context_width
        self.dropout = nn.Dropout(_DROPOUT)
        self.velocity = Perceptron(n_in, hidden, N_VELOCITIES, self.dropout)
        self.refinement = Perceptron(n_in, hidden, 4, self.dropout)

    def forward(self, begin: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
        """Contexts of the two ends, (n, D) each → velocity logits (n, 128), refinement logits (n, 4).

        The four: onset position, offset position (continuous Bernoulli), onset present, offset present.
        """
        x = torch.cat([begin, end, begin * end], dim=-1)
        return self.velocity(x), self.refinement(x)

    def decode(self, begin: Tensor, end: Tensor) -> Attributes:
        """The attributes as they are read; arguments as in `forward`."""
        logits, refinement = self(begin, end)
        velocity = _median(logits) if self.reads_median_velocity else logits.argmax(dim=-1)
        positions = (continuous_bernoulli_mean(refinement[:, :2]) - 0.5) / _POSITION_RANGE
        onset, offset = positions.clamp(-0.5, 0.5).unbind(dim=-1)
        onset_present, offset_present = (refinement[:, 2:] > 0).unbind(dim=-1)
        return Attributes(velocity, onset, offset, onset_present, offset_present)


def _median(logits: Tensor) -> Tensor:
    """The least class that half of the probability or more does not exceed, (n,) for logits (n, K)."""
    return (logits.softmax(dim=-1).cumsum(dim=-1) < 0.5).sum(dim=-1)


def continuous_bernoulli_target(position: Tensor) -> Tensor:
    """The target in (0, 1) of the continuous Bernoulli distribution for a position in [-0.5, 0.5] frames."""
    return _POSITION_RANGE * position + 0.5


def continuous_bernoulli_mean(logit: Tensor) -> Tensor:
    """Mean of the continuous Bernoulli distribution with this logit: σ(z)/(2σ(z)-1) - 1/z, in (0, 1).

    Loaiza-Ganem & Cunningham, NeurIPS 2019. Near 0 the two poles cancel; the series 1/2 + z/12 is used there
    (its next term is -z³/720). Written with tanh: σ/(2σ-1) = (1 + 1/tanh(z/2)) / 2.
    """
    near_zero = logit.abs() < 0.05
    z = torch.where(near_zero, torch.ones_like(logit), logit)
    return torch.where(near_zero, 0.5 + logit / 12, 0.5 + 0.5 / torch.tanh(z / 2) - 1 / z)
