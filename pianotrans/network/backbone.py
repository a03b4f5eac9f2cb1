"""Features to one context vector per track and frame (DESIGN §4).

Axes: C clips, T frames, M mel bands, W windows, S time steps, F mel tokens, N tracks, D width.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from pianotrans.network.config import ModelConfig
from pianotrans.network.coordinates import CoordinateEmbedding, grid
from pianotrans.network.stem import FRAMES_PER_STEP, Stem, map_shape
from pianotrans.network.tracks import N_TRACKS, TRACK_NUMBERS
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
        self.recompute = False  # in training: keep the inputs of the blocks alone, and compute the rest again
        self._fixed: tuple[Tensor, Tensor] | None = None

    def forward(self, features: Tensor) -> Tensor:
        """(C, T, M, W) → context (C, N, T, D)."""
        return self.upsample(self.transform(self.stem(features)), features.shape[1])

    def tokens(self, stem: Tensor) -> Tensor:
        """(C, S, F, D) → (C, 1 + S, 1 + F + N, D): aggregation row and column, mel tokens, track tokens."""
        mels = nn.functional.pad(stem, (0, 0, 1, 0, 1, 0))
        mel_embedding, track_embedding = self._embeddings(*mels.shape[1:3])
        tracks = track_embedding.expand(len(mels), -1, -1, -1)
        return torch.cat([mels + mel_embedding, tracks], dim=2)

    def transform(self, stem: Tensor) -> Tensor:
        """(C, S, F, D) → the track tokens after the last block, (C, S, N, D)."""
        x = self.tokens(stem)
        for block in self.blocks[:-1]:
            x = self._run(block, x)
        last = self.blocks[-1]
        assert isinstance(last, Block)
        return self._run(last.last_places, x, N_TRACKS)[:, 1:]

    def _run(self, block: Callable[..., Tensor], *arguments: Any) -> Tensor:
        if not (self.recompute and torch.is_grad_enabled()):
            return block(*arguments)
        result: Tensor = checkpoint(block, *arguments, use_reentrant=False, preserve_rng_state=False)
        return result

    def upsample(self, tracks: Tensor, n_frames: int) -> Tensor:
        """(C, S, N, D) → context at the frame rate, (C, N, n_frames, D)."""
        by_track = tracks.permute(0, 2, 3, 1).flatten(0, 1)  # (C·N, D, S)
        frames = self.upsampling(by_track)[..., :n_frames]
        return frames.transpose(1, 2).unflatten(0, (len(tracks), -1))

    @torch.no_grad()
    def fix_embeddings(self, n_frames: int, n_mels: int) -> None:
        """Compute the coordinate embeddings once, for inference on segments of this shape.

        They depend on nothing but the weights, which must not change any more.
        """
        self._fixed = None
        n_steps, n_columns = map_shape(n_frames, n_mels)
        self._fixed = self._embeddings(1 + n_steps, 1 + n_columns)

    def _embeddings(self, n_steps: int, n_columns: int) -> tuple[Tensor, Tensor]:
        if self._fixed is not None and self._fixed[0].shape[:2] == (n_steps, n_columns):
            return self._fixed
        like = self.upsampling.weight
        steps = torch.arange(n_steps, device=like.device, dtype=like.dtype)
        columns = torch.arange(n_columns, device=like.device, dtype=like.dtype)
        numbers = torch.tensor(TRACK_NUMBERS, device=like.device, dtype=like.dtype)
        return self.mel_embedding(grid(steps, columns)), self.track_embedding(grid(steps, numbers))
