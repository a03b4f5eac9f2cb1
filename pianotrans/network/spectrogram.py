"""The audio frontend: samples to log-mel features under several windows (README §3).

Axes: C clips, A audio channels, T frames, N window samples, M mel bands, W windows.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from pianotrans.network.config import SpectrogramConfig
from pianotrans.network.recomputing import recomputed

_POWER_FLOOR = 1e-5
_STD_FLOOR = 1e-8
_SCALE = 128.0  # a power of two: nothing is rounded
_FRAMES_PER_CHUNK = 64  # their spectra under one window (2 MB) stay in the caches


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

    def fill_filters(self) -> None:
        """Make the filters of a model that has no weights yet; needs librosa."""
        self.mel_filters.copy_(mel_filterbank(self.config))

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
        chunks = self._frame(samples).split(_FRAMES_PER_CHUNK, dim=2)
        windows = self.windows()
        mels = [recomputed(self._mel_power_under, some, windows) for some in chunks]
        return log_scale(torch.cat(mels, dim=1))  # (C, T, M, W)

    def windows(self) -> Tensor:
        """The analysis windows, (W, N), the Hann window first."""
        n_samples = self.config.window_samples
        positions = torch.arange(n_samples, device=self.hann.device, dtype=self.hann.dtype)
        centers = n_samples * torch.sigmoid(self.window_centers)[:, None]
        widths = (n_samples / 2) * torch.sigmoid(self.window_widths)[:, None]
        gaussians = torch.exp(-0.5 * ((positions - centers) / widths) ** 2)
        return torch.cat([self.hann[None], gaussians])

    def _frame(self, samples: Tensor) -> Tensor:
        """Normalised frames, a view of the samples: (C, A, T, N)."""
        return self.pad(samples).unfold(-1, self.config.window_samples, self.config.hop_samples)

    def pad(self, samples: Tensor) -> Tensor:
        """Normalised samples with the zeros that the first and the last frame reach to, (C, A, n)."""
        n_samples, hop, window = samples.shape[-1], self.config.hop_samples, self.config.window_samples
        n_frames = self.config.n_frames(n_samples)
        right = (n_frames - 1) * hop + window - window // 2 - n_samples
        padded = nn.functional.pad(samples, (window // 2, right))
        n_frames_of = _n_frames_of_samples(n_frames, hop, window, samples.device)
        return _normalise(padded, n_frames_of.to(samples.dtype))

    def _mel_power_under(self, frames: Tensor, windows: Tensor) -> Tensor:
        """Frames (C, A, T, N) under every window: (C, T, M, W)."""
        return torch.stack([self._mel_power(frames * window) for window in windows], dim=-1)

    def _mel_power(self, windowed: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(windowed, norm="ortho")[..., : self.config.n_bins]  # (C, A, T, bins)
        power = (spectrum.real.square() + spectrum.imag.square()).mean(dim=1)
        return power @ self.mel_filters  # (C, T, M)


def power_of_frames(padded: Tensor, window: Tensor, hop_samples: int) -> Tensor:
    """Samples (A, n), zeros around them included → power of the bins of every frame, (T, N / 2 + 1).

    The same as frames, FFT and mean over the channels, in an operation that other runtimes have.
    """
    spectrum = torch.stft(padded, len(window), hop_samples, window=window, center=False, return_complex=True)
    return (spectrum.real.square() + spectrum.imag.square()).mean(dim=0).T


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


def _n_frames_of_samples(n_frames: int, hop: int, window: int, device: torch.device) -> Tensor:
    """The number of overlapping frames that hold each sample of a padded segment, (n_samples,)."""
    positions = torch.arange((n_frames - 1) * hop + window, device=device)
    first = (positions - window).div(hop, rounding_mode="floor") + 1
    return (positions // hop).clamp(max=n_frames - 1) - first.clamp(min=0) + 1


def _normalise(samples: Tensor, weights: Tensor) -> Tensor:
    """Samples (C, A, n) by the mean and standard deviation of all frames, in which each counts `weights` times.

    The same as those of the frames laid out, in a tenth of the time.
    """
    n = weights.sum() * samples.shape[1]
    mean = (samples * weights).sum(dim=(1, 2), keepdim=True) / n
    deviations = samples - mean
    variance = (deviations.square() * weights).sum(dim=(1, 2), keepdim=True) / (n - 1)
    return divide_by_std(deviations, variance.sqrt())


def divide_by_std(deviations: Tensor, std: Tensor) -> Tensor:
    """Deviations / (std + 1e-8), to the bit. The exporter to ONNX takes a constant of 1e-8 for 0 and drops it."""
    return deviations / ((_SCALE * std + _SCALE * _STD_FLOOR) / _SCALE)


def log_scale(power: Tensor) -> Tensor:
    """Power to features: 0 for silence, about 1 for full power."""
    floor = math.log(_POWER_FLOOR)
    return (torch.log(power + _POWER_FLOOR) - floor) / -floor
