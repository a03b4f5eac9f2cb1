"""The network: attention between notes that are near each other in time and on the keyboard.

Axes: B pieces, M notes (padded), D width.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pianotrans.score.attention import Near, NearBlock, Phases, rotary_phases
from pianotrans.score.hands.features import N_FEATURES


@dataclass(frozen=True)
class HandNetworkConfig:
    """What shapes the parameters, and how far attention reaches."""

    width: int = 96
    n_heads: int = 4
    feed_forward_factor: int = 2
    n_blocks: int = 4
    reach: int = 32  # notes to one side at least; at most twice as many
    dropout: float = 0.2


class HandNetwork(nn.Module):
    """Features of notes to the logits of the right hand."""

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: HandNetworkConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.register_buffer("feature_mean", torch.zeros(N_FEATURES))
        self.register_buffer("feature_scale", torch.ones(N_FEATURES))
        self.enter = nn.Linear(N_FEATURES, width)
        self.enter_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            NearBlock(width, config.n_heads, config.feed_forward_factor, config.dropout)
            for _ in range(config.n_blocks)
        )
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 1)

    def forward(self, features: Tensor, time_s: Tensor, key: Tensor, is_there: Tensor) -> Tensor:
        """Logits (B, M) of the right hand.

        `features` (B, M, N_FEATURES), `time_s` and `key` (B, M), `is_there` (B, M): False where a piece is padded.
        """
        n_notes = features.shape[1]
        n_more = -n_notes % self.config.reach
        features = (features - self.feature_mean) / self.feature_scale
        features = nn.functional.pad(features, (0, 0, 0, n_more))
        time_s, key, is_there = (nn.functional.pad(x, (0, n_more)) for x in (time_s, key, is_there))
        near = Near(self._phases(time_s, key), is_there, self.config.reach)
        h = self.enter_norm(self.enter(features))
        for block in self.blocks:
            h = block(h, near)
        right: Tensor = self.leave(self.leave_norm(h))[:, :n_notes, 0]
        return right

    def _phases(self, time_s: Tensor, key: Tensor) -> Phases:
        """Half of the waves tell seconds, the others semitones."""
        n_waves = self.config.width // self.config.n_heads // 2
        of_time = rotary_phases(time_s, n_waves - n_waves // 2, 0.1, 15.0)
        of_key = rotary_phases(key.to(time_s.dtype), n_waves // 2, 3.0, 96.0)
        return Phases(*(torch.cat(pair, dim=-1) for pair in zip(of_time, of_key, strict=True)))
