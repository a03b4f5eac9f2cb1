"""The meter network: attention across all beats of a piece.

Positions are rotary phases in beats, whose waves are as long as bars and groups of bars can be: so a beat can
attend to those at its own place in bars of two, three or four.

Axes: B pieces, N beats (padded), D width.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pianotrans.errors import ModelError
from pianotrans.score.attention import AcrossBlock, Phases
from pianotrans.score.meter.features import N_FEATURES

PLACES = tuple((meter, position) for meter in (2, 3, 4) for position in range(meter))
"""Where a beat can be: the beats of its bar, and how many of them come before it."""
_MOST = 5.0  # standard deviations that a feature counts for
_WAVES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 256, 1024)


@dataclass(frozen=True)
class MeterNetworkConfig:
    """What shapes the parameters."""

    width: int = 96
    n_heads: int = 4
    feed_forward_factor: int = 2
    n_blocks: int = 4
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if not 0 < self.n_waves <= len(_WAVES):
            raise ModelError(f"width {self.width}: give {self.n_heads} heads up to {2 * len(_WAVES)} numbers each.")

    @property
    def n_waves(self) -> int:
        """The waves that a head tells places by."""
        return self.width // self.n_heads // 2


class MeterLogits(NamedTuple):
    """What the network says of every beat.

    `place` (B, N, 9) are logits of a distribution over `PLACES`, and `downbeat` (B, N) of a probability.
    """

    place: Tensor
    downbeat: Tensor


class MeterNetwork(nn.Module):
    """Features of beats to logits."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: MeterNetworkConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.register_buffer("feature_mean", torch.zeros(N_FEATURES))
        self.register_buffer("feature_scale", torch.ones(N_FEATURES))
        self.enter = nn.Conv1d(N_FEATURES, width, 3, padding=1)
        self.enter_norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            AcrossBlock(width, config.n_heads, config.feed_forward_factor, config.dropout)
            for _ in range(config.n_blocks)
        )
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, len(PLACES) + 1)

    def forward(self, features: Tensor, is_there: Tensor) -> MeterLogits:
        """`features` (B, N, N_FEATURES), `is_there` (B, N): False where a piece is padded."""
        scaled = (features - self.feature_mean) / self.feature_scale
        x = scaled.clamp(-_MOST, _MOST) * is_there[..., None]
        h = self.drop(self.enter_norm(self.enter(x.transpose(1, 2)).transpose(1, 2)))
        number = torch.arange(h.shape[1], device=h.device, dtype=torch.float32)
        angle = (
            2 * math.pi * number[None, None, :, None] / torch.tensor(_WAVES[: self.config.n_waves], device=h.device)
        )
        phases = Phases(angle.cos(), angle.sin())
        for block in self.blocks:
            h = block(h, phases, is_there)
        place, downbeat = self.leave(self.leave_norm(h)).split([len(PLACES), 1], dim=-1)
        return MeterLogits(place, downbeat[..., 0])
