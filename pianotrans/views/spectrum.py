"""The loudness of a recording around each key of the piano, as the background of a piano roll."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pianotrans.piano import LOWEST_KEY, N_KEYS

BANDS_PER_KEY = 3  # odd, so that the middle one lies on the key

_WINDOW_S = 0.25
_HOP_S = 0.03
_RANGE_DB = 65.0  # levels further below the loudest are left blank


@dataclass(frozen=True, slots=True, eq=False)
class KeySpectrum:
    """Levels in [0, 1], shape (n_bands, n_frames), float16; frame t is centred on `start_s + t * hop_s` seconds.

    Band b is centred on key `LOWEST_KEY - 1/3 + b / BANDS_PER_KEY`: three bands to a key, the lowest first.
    """

    levels: NDArray[np.float16]
    hop_s: float
    start_s: float = 0.0

    def between(self, start_s: float, end_s: float) -> tuple[NDArray[np.float16], float, float]:
        """The frames that touch a stretch of time, and the second where the first begins and the last ends."""
        first = max(0, int((start_s - self.start_s) / self.hop_s))
        last = max(first, min(self.levels.shape[1], int(np.ceil((end_s - self.start_s) / self.hop_s)) + 1))
        first_s, last_s = (self.start_s + (frame - 0.5) * self.hop_s for frame in (first, last))
        return self.levels[:, first:last], first_s, last_s


def key_spectrum(blocks: Iterable[NDArray[np.float32]], sample_rate: int, start_s: float = 0.0) -> KeySpectrum:
    """The spectrum of a recording, given as blocks of samples (n_channels, n_samples); the rate is in Hz.

    The first sample lies at `start_s` seconds. Levels are decibels below the loudest (the 99.9th percentile), the
    lowest shown at 0. Memory: 18 kB for each second of the recording; time: about 2 ms.
    """
    window = max(2, round(_WINDOW_S * sample_rate))
    hop = max(1, round(_HOP_S * sample_rate))
    filters = _band_filters(window, sample_rate)
    taper = np.hanning(window).astype(np.float32)
    columns = []
    rest = np.zeros(window // 2, np.float32)
    for block in chain(blocks, [np.zeros((1, window), np.float32)]):
        rest = np.concatenate([rest, block.mean(axis=0, dtype=np.float32)])
        n_frames = max(0, (len(rest) - window) // hop + 1)
        if n_frames:
            frames = np.lib.stride_tricks.sliding_window_view(rest, window)[: n_frames * hop : hop]
            power = np.abs(np.fft.rfft(frames * taper)) ** 2  # (n_frames, n_bins)
            columns.append((10 * np.log10(power @ filters + 1e-12)).astype(np.float16))
            rest = rest[n_frames * hop :]
    decibels = np.concatenate(columns).T.astype(np.float32)
    loudest = np.percentile(decibels, 99.9)
    levels = np.clip((decibels - loudest) / _RANGE_DB + 1, 0, 1)
    return KeySpectrum(levels.astype(np.float16), hop / sample_rate, start_s)


def _band_filters(window: int, sample_rate: int) -> NDArray[np.float32]:
    """Triangles around every band, each of sum 1, shape (n_bins, n_bands); never narrower than the bins."""
    n_bands = N_KEYS * BANDS_PER_KEY
    keys = LOWEST_KEY - 1 / 3 + np.arange(n_bands) / BANDS_PER_KEY
    centres_hz = 440 * 2 ** ((keys - 69) / 12)
    bins_hz = np.fft.rfftfreq(window, 1 / sample_rate)
    widths_hz = np.maximum(centres_hz * (2 ** (1 / 12 / BANDS_PER_KEY) - 1), bins_hz[1])
    triangles = np.maximum(0, 1 - np.abs(bins_hz[:, None] - centres_hz) / widths_hz)
    sums = triangles.sum(axis=0)
    filters: NDArray[np.float32] = (triangles / np.where(sums > 0, sums, 1)).astype(np.float32)
    return filters  # those above half the rate are empty
