"""The network: attention between notes that are near each other in time and on the keyboard.

Axes: B pieces, M notes (padded), D width.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pianotrans.score.attention import Near, NearBlock, Phases, rotary_phases
from pianotrans.score.hands.chain import N_BACK
from pianotrans.score.hands.features import N_FEATURES


@dataclass(frozen=True)
class HandNetworkConfig:
    """What shapes the parameters, and how far attention reaches."""

    width: int = 96
    n_heads: int = 4
    feed_forward_factor: int = 2
    n_blocks: int = 4
    reach: int = 32  # notes to one side at least; at most twice as many
    dropout: float = 0.1


class HandLogits(NamedTuple):
    """What the network says of every note.

    `alone` (B, M): the logit of the right hand, of each note by itself. For the chain, `right` (B, M) is the log
    potential of the right hand over the left, and `same` (B, M, N_BACK) that of the hand that plays the note i + 1
    before, over the other hand.
    """

    alone: Tensor
    right: Tensor
    same: Tensor


class HandNetwork(nn.Module):
    """Features of notes to log potentials of hands."""

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
        self.leave = nn.Linear(width, 1 + N_BACK)
        self.alone_weight = nn.Parameter(torch.tensor(1.0))  # in the chain, where neighbours speak for a note, too

    def forward(self, features: Tensor, time_s: Tensor, key: Tensor, is_there: Tensor) -> HandLogits:
        """`features` (B, M, N_FEATURES), `time_s`, `key` and `is_there` (B, M), which is False for padding."""
        n_notes = features.shape[1]
        n_more = -n_notes % self.config.reach
        features = (features - self.feature_mean) / self.feature_scale
        features = nn.functional.pad(features, (0, 0, 0, n_more))
        time_s, key, is_there = (nn.functional.pad(x, (0, n_more)) for x in (time_s, key, is_there))
        near = Near(self._phases(time_s, key), is_there, self.config.reach)
        h = self.enter_norm(self.enter(features))
        for block in self.blocks:
            h = block(h, near)
        alone, same = self.leave(self.leave_norm(h))[:, :n_notes].split([1, N_BACK], dim=-1)
        return HandLogits(alone[..., 0], self.alone_weight * alone[..., 0], same)

    def _phases(self, time_s: Tensor, key: Tensor) -> Phases:
        """Half of the waves tell seconds, the others semitones."""
        n_waves = self.config.width // self.config.n_heads // 2
        of_time = rotary_phases(time_s, n_waves - n_waves // 2, 0.1, 15.0)
        of_key = rotary_phases(key.to(time_s.dtype), n_waves // 2, 3.0, 96.0)
        return Phases(*(torch.cat(pair, dim=-1) for pair in zip(of_time, of_key, strict=True)))
