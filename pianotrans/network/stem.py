"""The convolutional stem: features to a map of low time resolution (README §4).

Axes: C clips, T frames, M mel bands, W windows, S time steps, F mel tokens, D width.
"""

import torch
from torch import Tensor, nn

from pianotrans.network.config import ModelConfig
from pianotrans.network.coordinates import CoordinateEmbedding

FRAMES_PER_STEP = 8
_STRIDES = ((2, 1), (2, 2), (2, 2), (1, 1))  # (time, mel)
_PAD_TIME = (4, 3)
_PAD_MEL = (2, 1)
_N_GROUPS = 4


def map_shape(n_frames: int, n_mels: int) -> tuple[int, int]:
    """Time steps and mel tokens that the stem makes of `n_frames` frames and `n_mels` mel bands."""
    n_steps, n_tokens = n_frames + sum(_PAD_TIME), n_mels + sum(_PAD_MEL)
    for time_stride, mel_stride in _STRIDES:
        n_steps, n_tokens = -(-n_steps // time_stride), -(-n_tokens // mel_stride)
    return n_steps, n_tokens


class Stem(nn.Module):
    """One token for every 8 frames × 4 mel bands."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        width = config.transformer.width
        base = width // 4
        widths = (base, 2 * base, width, width, width)
        self.input = nn.Conv2d(config.spectrogram.n_windows, base, 3, padding=1)
        self.mel_embedding = CoordinateEmbedding(1, base)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1)
            for n_in, n_out, stride in zip(widths, widths[1:], _STRIDES, strict=False)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(_N_GROUPS, n_out) for n_out in widths[1:])

    def forward(self, features: Tensor) -> Tensor:
        """(C, T, M, W) → (C, S, F, D)."""
        n_mels = features.shape[2]
        mels = torch.arange(n_mels, device=features.device, dtype=features.dtype)
        embedding = self.mel_embedding(mels[:, None]).T[:, None, :]  # (base, 1, M)
        dtype = self.input.weight.dtype
        x = self.input(features.permute(0, 3, 1, 2).to(dtype)) + embedding.to(dtype)  # (C, base, T, M)
        x = nn.functional.pad(x, (*_PAD_MEL, *_PAD_TIME))
        last = len(self.norms) - 1
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = norm(convolution(x))
            if i < last:
                x = nn.functional.gelu(x)
        return x.permute(0, 2, 3, 1)
