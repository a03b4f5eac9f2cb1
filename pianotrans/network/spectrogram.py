"""The audio frontend: samples to log-mel features under several windows (DESIGN §3).

Axes: C clips, A audio channels, T frames, N window samples, M mel bands, W windows.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from pianotrans.network.config import SpectrogramConfig

_POWER_FLOOR = 1e-5
_STD_FLOOR = 1e-8


class Spectrogram(nn.Module):
    """Log-mel power of every frame under one Hann window and several learned Gaussian ones."""

    hann: Tensor
    mel_filters: Tensor

    def __init__(self, config: SpectrogramConfig):
        super().__init__()
        self.config = config
        # On the CPU by name: as a meta tensor it would import torch's compiler, which takes as long as torch.
        hann = torch.hann_window(config.window_samples, device="cpu")
        self.register_buffer("hann", hann, persistent=False)
        # Stored with the weights: building the filterbank costs more than the import of everything else.
        self.register_buffer("mel_filters", torch.zeros(config.n_bins, config.n_mels))
        self.window_centers = nn.Parameter(torch.zeros(config.n_learned_windows))
        self.window_widths = nn.Parameter(torch.linspace(-1.0, 1.0, config.n_learned_windows, device="cpu"))

    def reset_constants(self) -> None:
        """Make the constants that are not stored with the weights, after those were loaded."""
        self.hann = torch.hann_window(self.config.window_samples, device=self.mel_filters.device)

    def forward(self, samples: Tensor) -> Tensor:
        """Features of one or more clips.

        Args:
            samples: (C, A, n_samples), float32, any level.

        Returns:
            (C, T, M, W) in [0, 1] for ordinary input, T = ceil(n_samples / hop) + 1; frame t is centred on
            sample t · hop. Channels are mixed in power. Silence gives zeros.
        """
        frames = _normalise(self._frame(samples))  # (C, A, T, N)
        mels = [self._mel_power(frames * window) for window in self.windows()]
        return _log_scale(torch.stack(mels, dim=-1))  # (C, T, M, W)

    def windows(self) -> Tensor:
        """The analysis windows, (W, N), the Hann window first."""
        n_samples = self.config.window_samples
        positions = torch.arange(n_samples, device=self.hann.device, dtype=self.hann.dtype)
        centers = n_samples * torch.sigmoid(self.window_centers)[:, None]
        widths = (n_samples / 2) * torch.sigmoid(self.window_widths)[:, None]
        gaussians = torch.exp(-0.5 * ((positions - centers) / widths) ** 2)
        return torch.cat([self.hann[None], gaussians])

    def _frame(self, samples: Tensor) -> Tensor:
        n_samples, hop, window = samples.shape[-1], self.config.hop_samples, self.config.window_samples
        n_frames = self.config.n_frames(n_samples)
        right = (n_frames - 1) * hop + window - window // 2 - n_samples
        return nn.functional.pad(samples, (window // 2, right)).unfold(-1, window, hop)  # (C, A, T, N)

    def _mel_power(self, windowed: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(windowed, norm="ortho")[..., : self.config.n_bins]  # (C, A, T, bins)
        power = (spectrum.real.square() + spectrum.imag.square()).mean(dim=1)
        return power @ self.mel_filters  # (C, T, M)


def mel_filterbank(config: SpectrogramConfig) -> Tensor:
    """Triangular filters on the HTK mel scale without area normalisation, (bins, M); needs librosa."""
    import librosa

    filters = librosa.filters.mel(
        sr=config.sample_rate,
        n_fft=config.window_samples,
        n_mels=config.n_mels,
        fmin=config.min_hz,
        fmax=config.max_hz,
        htk=True,
        norm=None,
        dtype=np.float32,
    )
    return torch.from_numpy(filters[:, : config.n_bins].T.copy())


def _normalise(frames: Tensor) -> Tensor:
    std, mean = torch.std_mean(frames, dim=(1, 2, 3), keepdim=True)
    return (frames - mean) / (std + _STD_FLOOR)


def _log_scale(power: Tensor) -> Tensor:
    floor = math.log(_POWER_FLOOR)
    return (torch.log(power + _POWER_FLOOR) - floor) / -floor
