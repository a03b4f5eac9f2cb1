"""The network: attention between neighbouring moments, and between stretches of the whole piece.

Near moments tell where beats fall, the whole piece tells the tempo level and the meter. So two blocks attend to
moments nearby, the moments are averaged eight at a time, two blocks attend across the whole piece, and three more
attend nearby with what those found added. Positions are rotary phases in seconds (Su et al., "RoFormer", 2021):
attention sees how far apart two moments are in time, not how many notes lie between.

Axes: B pieces, M moments (padded), D width.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pianotrans.score.attention import AcrossBlock, Near, NearBlock, rotary_phases
from pianotrans.score.beats.features import N_FEATURES
from pianotrans.score.beats.periods import N_PERIODS

N_METERS = 8  # a bar of i + 1 beats
N_PHASES = 12  # parts of a beat


@dataclass(frozen=True)
class BeatNetworkConfig:
    """What shapes the parameters, and how far attention reaches."""

    width: int = 128
    n_heads: int = 4
    feed_forward_factor: int = 2
    n_blocks_before: int = 2
    n_blocks_across: int = 2
    n_blocks_after: int = 3
    reach: int = 64  # moments to one side at least; at most twice as many
    stretch: int = 8  # moments that stand for one across the piece
    outline_reach: int = 192  # moments to either side whose mean features speak for tempo and meter directly
    dropout: float = 0.1

    @property
    def block(self) -> tuple[int, int, int, float]:
        """What shapes a block of the transformer."""
        return self.width, self.n_heads, self.feed_forward_factor, self.dropout

    @property
    def n_waves(self) -> int:
        """The waves that a head tells positions by."""
        return self.width // self.n_heads // 2


class BeatLogits(NamedTuple):
    """What the network says of every moment, (B, M) or (B, M, n).

    `beat` and `downbeat` are logits of probabilities; `period`, `meter` and `phase` of distributions: over the bins
    of the time between beats, over the beats of the bar, and over the parts of a beat.
    """

    beat: Tensor
    downbeat: Tensor
    period: Tensor
    meter: Tensor
    phase: Tensor


class BeatNetwork(nn.Module):
    """Features of moments to logits."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: BeatNetworkConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.register_buffer("feature_mean", torch.zeros(N_FEATURES))
        self.register_buffer("feature_scale", torch.ones(N_FEATURES))
        self.enter = nn.Linear(N_FEATURES, width)
        self.enter_norm = nn.LayerNorm(width)
        self.before = nn.ModuleList(NearBlock(*config.block) for _ in range(config.n_blocks_before))
        self.to_stretches = nn.Linear(width, width)
        self.across = nn.ModuleList(AcrossBlock(*config.block) for _ in range(config.n_blocks_across))
        self.from_stretches = nn.Linear(width, width)
        self.after = nn.ModuleList(NearBlock(*config.block) for _ in range(config.n_blocks_after))
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 2 + N_PERIODS + N_METERS + N_PHASES)
        self.outline = nn.Linear(N_FEATURES, N_PERIODS + N_METERS)
        nn.init.zeros_(self.outline.weight)
        nn.init.zeros_(self.outline.bias)

    def forward(self, features: Tensor, time_s: Tensor, is_there: Tensor) -> BeatLogits:
        """`features` (B, M, N_FEATURES), `time_s` (B, M), `is_there` (B, M): False where a piece is padded."""
        n_moments = features.shape[1]
        unit = math.lcm(self.config.reach, self.config.stretch)
        n_more = -n_moments % unit
        features = (features - self.feature_mean) / self.feature_scale * is_there[..., None]
        features = nn.functional.pad(features, (0, 0, 0, n_more))
        time_s, is_there = (nn.functional.pad(x, (0, n_more)) for x in (time_s, is_there))
        h = self.enter_norm(self.enter(features))
        near = Near(rotary_phases(time_s, self.config.n_waves, 0.1, 30.0), is_there, self.config.reach)
        for block in self.before:
            h = block(h, near)
        h = h + self._across(h, time_s, is_there)
        for block in self.after:
            h = block(h, near)
        out = self.leave(self.leave_norm(h))[:, :n_moments]
        beat, downbeat, period, meter, phase = out.split([1, 1, N_PERIODS, N_METERS, N_PHASES], dim=-1)
        outline = self.outline(_mean_around(features, is_there, self.config.outline_reach))[:, :n_moments]
        period, meter = period + outline[..., :N_PERIODS], meter + outline[..., N_PERIODS:]
        return BeatLogits(beat[..., 0], downbeat[..., 0], period, meter, phase)

    def _across(self, h: Tensor, time_s: Tensor, is_there: Tensor) -> Tensor:
        """What the whole piece says to each moment, (B, M, D)."""
        size = self.config.stretch
        weight = is_there.to(h.dtype).unflatten(1, (-1, size))  # (B, stretches, size)
        total = weight.sum(dim=2, keepdim=True).clamp(min=1)
        mean = (h.unflatten(1, (-1, size)) * weight[..., None]).sum(dim=2) / total
        mean_s = (time_s.unflatten(1, (-1, size)) * weight).sum(dim=2) / total[..., 0]
        is_used = is_there.unflatten(1, (-1, size)).any(dim=2)
        phases = rotary_phases(mean_s, self.config.n_waves, 1.0, 400.0)
        g = self.to_stretches(mean)
        for block in self.across:
            g = block(g, phases, is_used)
        return self.from_stretches(g).repeat_interleave(size, dim=1)


def _mean_around(x: Tensor, is_there: Tensor, reach: int) -> Tensor:
    """The mean over `reach` moments on either side, (B, M, n), where there are any; x is 0 where there are none."""
    n = x.shape[1]
    total = nn.functional.pad(torch.cumsum(x, dim=1), (0, 0, 1, 0))
    count = nn.functional.pad(torch.cumsum(is_there.to(x.dtype), dim=1), (1, 0))
    low = torch.arange(n, device=x.device).sub(reach).clamp(min=0)
    high = torch.arange(n, device=x.device).add(reach + 1).clamp(max=n)
    return (total[:, high] - total[:, low]) / (count[:, high] - count[:, low]).clamp(min=1)[..., None]
