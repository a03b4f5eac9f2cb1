"""Features to one context vector per track and frame (README §4).

Axes: C clips, T frames, M mel bands, W windows, S time steps, F mel tokens, N tracks, D width.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.config import ModelConfig
from pianotrans.network.coordinates import CoordinateEmbedding, grid
from pianotrans.network.stem import FRAMES_PER_STEP, Stem, map_shape
from pianotrans.network.transformer import TransformerBlock


class Backbone(nn.Module):
    """Stem, transformer over mel and track tokens, and upsampling of the tracks to the frame rate."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.tracks = config.tracks
        self._n_mels = config.spectrogram.n_mels
        width, n_layers = config.transformer.width, config.transformer.n_layers
        self.stem = Stem(config)
        self.mel_embedding = CoordinateEmbedding(2, width)
        self.track_embedding = CoordinateEmbedding(2, width)
        self.blocks = nn.ModuleList(TransformerBlock(config.transformer) for _ in range(n_layers))
        self.upsampling = nn.ConvTranspose1d(width, width, FRAMES_PER_STEP, stride=FRAMES_PER_STEP)
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
        *blocks, last = self.blocks
        for block in blocks:
            x = block(x)
        assert isinstance(last, TransformerBlock)
        return last.last_places(x, self.tracks.n_tracks)[:, 1:]

    def recompute_blocks(self, wanted: bool) -> None:
        """Make training keep little of what the blocks compute, and compute it again in the backward pass."""
        for block in self.blocks:
            assert isinstance(block, TransformerBlock)
            block.recompute = wanted

    def upsample(self, tracks: Tensor, n_frames: int) -> Tensor:
        """(C, S, N, D) → context at the frame rate, (C, N, n_frames, D).

        The kernel is as wide as the stride: each step makes its own frames, all in one matrix product.
        """
        by_track = tracks.transpose(1, 2).contiguous()  # (C, N, S, D)
        weight = self.upsampling.weight.permute(2, 1, 0).flatten(0, 1)  # (frames · D, D)
        assert self.upsampling.bias is not None
        frames = nn.functional.linear(by_track, weight, self.upsampling.bias.repeat(FRAMES_PER_STEP))
        return frames.view(*by_track.shape[:2], -1, by_track.shape[-1])[:, :, :n_frames]

    @torch.no_grad()
    def fix_embeddings(self, n_frames: int) -> None:
        """Compute the coordinate embeddings once, for inference on segments of this shape.

        They depend only on the weights, which must not change afterwards.
        """
        self._fixed = None
        n_steps, n_columns = map_shape(n_frames, self._n_mels)
        self._fixed = self._embeddings(1 + n_steps, 1 + n_columns)

    def _embeddings(self, n_steps: int, n_columns: int) -> tuple[Tensor, Tensor]:
        if self._fixed is not None and self._fixed[0].shape[:2] == (n_steps, n_columns):
            return self._fixed
        like = self.upsampling.weight
        steps = torch.arange(n_steps, device=like.device, dtype=like.dtype)
        columns = torch.arange(n_columns, device=like.device, dtype=like.dtype)
        numbers = torch.tensor(self.tracks.numbers, device=like.device, dtype=like.dtype)
        return self.mel_embedding(grid(steps, columns)), self.track_embedding(grid(steps, numbers))
