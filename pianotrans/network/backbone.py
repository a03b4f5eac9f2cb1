"""Features to one context vector per track and frame (DESIGN §4).

Axes: C clips, T frames, M mel bands, W windows, S time steps, F mel tokens, N tracks, D width.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.config import ModelConfig
from pianotrans.network.coordinates import CoordinateEmbedding, grid
from pianotrans.network.stem import FRAMES_PER_STEP, Stem
from pianotrans.network.tracks import TRACK_NUMBERS
from pianotrans.network.transformer import Block


class Backbone(nn.Module):
    """Stem, transformer over mel and track tokens, and upsampling of the tracks to the frame rate."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = config.transformer.width
        self.stem = Stem(config)
        self.mel_embedding = CoordinateEmbedding(2, width)
        self.track_embedding = CoordinateEmbedding(2, width)
        self.blocks = nn.ModuleList(Block(config.transformer) for _ in range(config.transformer.n_layers))
        self.upsampling = nn.ConvTranspose1d(width, width, FRAMES_PER_STEP, stride=FRAMES_PER_STEP)

    def forward(self, features: Tensor) -> Tensor:
        """(C, T, M, W) → context (C, N, T, D)."""
        n_frames = features.shape[1]
        x = self.tokens(self.stem(features))
        for block in self.blocks:
            x = block(x)
        return self._upsample(x[:, 1:, -len(TRACK_NUMBERS) :], n_frames)

    def tokens(self, stem: Tensor) -> Tensor:
        """(C, S, F, D) → (C, 1 + S, 1 + F + N, D): aggregation row and column, mel tokens, track tokens."""
        mels = nn.functional.pad(stem, (0, 0, 1, 0, 1, 0))
        n_clips, n_steps, n_columns, _ = mels.shape
        mel_embedding, track_embedding = self._embeddings(n_steps, n_columns)
        tracks = track_embedding.expand(n_clips, -1, -1, -1)
        return torch.cat([mels + mel_embedding, tracks], dim=2)

    def _embeddings(self, n_steps: int, n_columns: int) -> tuple[Tensor, Tensor]:
        like = self.upsampling.weight
        steps = torch.arange(n_steps, device=like.device, dtype=like.dtype)
        columns = torch.arange(n_columns, device=like.device, dtype=like.dtype)
        numbers = torch.tensor(TRACK_NUMBERS, device=like.device, dtype=like.dtype)
        return self.mel_embedding(grid(steps, columns)), self.track_embedding(grid(steps, numbers))

    def _upsample(self, tracks: Tensor, n_frames: int) -> Tensor:
        n_clips = tracks.shape[0]
        by_track = tracks.permute(0, 2, 3, 1).flatten(0, 1)  # (C·N, D, S)
        frames = self.upsampling(by_track)[..., :n_frames]
        return frames.transpose(1, 2).unflatten(0, (n_clips, -1))
