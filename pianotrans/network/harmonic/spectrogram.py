"""The frontend: samples to a spectrogram with equally many bins for every semitone.

Axes: C clips, A audio channels, T frames, N window samples, F bins of an FFT, B bins, W windows.
"""

import math
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pianotrans.network.harmonic import compiled
from pianotrans.network.harmonic.compiled import array
from pianotrans.network.harmonic.config import LogSpectrogramConfig
from pianotrans.semicrf.threads import over_parts

_POWER_FLOOR = 1e-5
_STD_FLOOR = 1e-8
_FILTERS_AT_ONCE = 24
_FRAMES_AT_ONCE = 16  # under the longest window they and their spectra take 1 MB


class LogSpectrogram(nn.Module):
    """Log power of every frame around every bin, under each window; nothing of it is learnt or stored."""

    def __init__(self, config: LogSpectrogramConfig):
        super().__init__()
        self.config = config
        for i, n_samples in enumerate(config.windows_samples):
            self.register_buffer(f"window_{i}", torch.zeros(n_samples), persistent=False)
            n_used = _n_used(n_samples, config)
            self.register_buffer(f"filters_{i}", torch.zeros(config.n_bins, n_used), persistent=False)

    def fill_filters(self) -> None:
        """Make the filters of a model that has no weights yet."""
        self.reset_constants()

    def reset_constants(self) -> None:
        """Make windows and filters, which are not stored with the weights, after those were loaded."""
        for i, n_samples in enumerate(self.config.windows_samples):
            window = torch.hann_window(n_samples, device="cpu")
            self.register_buffer(f"window_{i}", window / window.square().sum().sqrt(), persistent=False)
            filters = log_filterbank(n_samples, self.config).t().contiguous()
            self.register_buffer(f"filters_{i}", filters, persistent=False)

    @torch.no_grad()
    def forward(self, samples: Tensor) -> Tensor:
        """Features of one or more clips.

        Args:
            samples: (C, A, n_samples), float32, any level.

        Returns:
            (C, T, B, W), 0 for silence and about 1 for the level of the clip, T = ceil(n_samples / hop) + 1.
            Frame t is centred on sample t · hop. Channels are mixed in power.
        """
        samples, config = _normalise(samples), self.config
        n_clips, _, n_samples = samples.shape
        n_frames = config.n_frames(n_samples)
        features = samples.new_empty(n_clips, n_frames, config.n_bins, config.n_windows)
        for i in range(config.n_windows):
            fill = partial(self._fill, features, samples, i)
            if compiled.is_for_compiled(samples):
                over_parts(fill, n_frames, samples.device)
            else:
                fill(slice(0, n_frames))
        return features

    def _fill(self, features: Tensor, samples: Tensor, i: int, part: slice) -> None:
        """Fill in the features of some frames under one window."""
        window = self.get_buffer(f"window_{i}")
        frames = self._frames(samples, len(window))
        n_at_once = _FRAMES_AT_ONCE if samples.device.type == "cpu" else max(features.shape[1], 1)
        for first in range(part.start, part.stop, n_at_once):
            some = slice(first, min(first + n_at_once, part.stop))
            spectrum = torch.fft.rfft(frames[:, :, some] * window)
            features[:, some, :, i] = _log_scale(self._power(spectrum, i))

    def _power(self, spectrum: Tensor, i: int) -> Tensor:
        """Spectra under one window (C, A, T, F) → power around every bin, (C, T, B).

        The filters are mostly empty: where nothing is compiled, a few neighbours are taken at once.
        """
        filters, n_samples = self.get_buffer(f"filters_{i}"), self.config.windows_samples[i]
        if compiled.is_for_compiled(filters):
            n_clips, _, n_frames, _ = spectrum.shape
            filtered = filters.new_empty(n_clips, n_frames, len(filters))
            spans = _spans(n_samples, self.config)
            compiled.filter_power(array(spectrum), array(filters), spans, array(filtered))
            return filtered
        spectrum = spectrum[..., : filters.shape[1]]
        power = (spectrum.real.square() + spectrum.imag.square()).mean(dim=1)
        groups = _groups(n_samples, self.config)
        return torch.cat([power[..., rows] @ filters[bins, rows].t() for rows, bins in groups], dim=-1)

    def _frames(self, samples: Tensor, window: int) -> Tensor:
        """A view of the samples, (C, A, T, N)."""
        n_samples, hop = samples.shape[-1], self.config.hop_samples
        n_frames = self.config.n_frames(n_samples)
        right = (n_frames - 1) * hop + window - window // 2 - n_samples
        return nn.functional.pad(samples, (window // 2, right)).unfold(-1, window, hop)


def log_filterbank(n_samples: int, config: LogSpectrogramConfig) -> Tensor:
    """Triangular filters from the bins of an FFT of `n_samples` samples to those of the spectrogram, (bins, B).

    As wide as to the next bin on either side; where the FFT's lie further apart, they are interpolated between.
    """
    centers = torch.tensor(config.centers_hz, dtype=torch.float64, device="cpu")
    spacing = config.sample_rate / n_samples
    hz = spacing * torch.arange(_n_used(n_samples, config), dtype=torch.float64, device="cpu")
    to_next = 2 ** (1 / (12 * config.bins_per_semitone)) - 1
    widths = (centers * to_next).clamp(min=spacing)
    return (1 - (hz[:, None] - centers).abs() / widths).clamp(min=0).float()


def _n_used(n_samples: int, config: LogSpectrogramConfig) -> int:
    """Bins of an FFT that any filter reaches; those above are never computed with."""
    spacing, highest = config.sample_rate / n_samples, config.centers_hz[-1]
    end = highest + _reach_hz(highest, spacing, config)
    return min(math.ceil(end / spacing), n_samples // 2) + 1


@cache
def _spans(n_samples: int, config: LogSpectrogramConfig) -> NDArray[np.int64]:
    """For each filter the first bin of an FFT that is in it, and the one behind the last, (B, 2)."""
    is_in = log_filterbank(n_samples, config).numpy() > 0
    first = is_in.argmax(axis=0)
    return np.stack((first, first + is_in.sum(axis=0)), axis=1)


@cache
def _groups(n_samples: int, config: LogSpectrogramConfig) -> tuple[tuple[slice, slice], ...]:
    """Neighbouring filters, and the bins of the FFT that they reach."""
    spacing, n_used = config.sample_rate / n_samples, _n_used(n_samples, config)
    groups = []
    for first in range(0, config.n_bins, _FILTERS_AT_ONCE):
        bins = slice(first, min(first + _FILTERS_AT_ONCE, config.n_bins))
        low, high = config.centers_hz[bins.start], config.centers_hz[bins.stop - 1]
        begin, end = low - _reach_hz(low, spacing, config), high + _reach_hz(high, spacing, config)
        rows = slice(max(math.floor(begin / spacing), 0), min(math.ceil(end / spacing) + 1, n_used))
        groups.append((rows, bins))
    return tuple(groups)


def _reach_hz(center_hz: float, spacing_hz: float, config: LogSpectrogramConfig) -> float:
    """How far a filter reaches from its middle: to the next one, or to the next bin of the FFT."""
    return max(center_hz * (2 ** (1 / (12 * config.bins_per_semitone)) - 1), spacing_hz)


def _normalise(samples: Tensor) -> Tensor:
    """Every clip by its own mean and standard deviation."""
    mean = samples.mean(dim=(1, 2), keepdim=True)
    std = samples.std(dim=(1, 2), correction=0, keepdim=True)
    return (samples - mean) / (std + _STD_FLOOR)


def _log_scale(power: Tensor) -> Tensor:
    floor = math.log(_POWER_FLOOR)
    return (torch.log(power + _POWER_FLOOR) - floor) / -floor
