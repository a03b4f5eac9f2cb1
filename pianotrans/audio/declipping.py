"""Peaks that were cut off, restored: between the samples that are whole, the sparsest spectrum that reaches beyond.

A-SPADE: Kitić, Bertin & Gribonval, "Sparsity and cosparsity for audio declipping" (LVA/ICA 2015). Where a recording
is clipped is found by its flat tops: many runs of samples at the very same extreme value.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio.samples import Block
from pianotrans.remarks import Remark

_CHUNK = 2**16  # samples that are restored at once
_WINDOW = 2**12
_HOP = _WINDOW // 2
_N_STEPS = 40
_MOST_PARTIALS = 256  # of a window, in the last step

_LEAST_RUNS = 8  # of three samples or more, in a chunk: a few may well be a wave's own peaks
_LEAST_LEVEL = 0.05  # of full scale: below, the steps of 16 bits make flat tops
_FLAT = 2.0**-14  # how far under the extreme is still the extreme

_TOLD_SHARE = 1e-3  # of all samples

Samples = NDArray[np.float32]
Spectra = NDArray[np.complex64]


class Declipper:
    """Restores one recording, and counts what it restores."""

    def __init__(self, n_channels: int):
        self._n_channels = n_channels
        self._n_samples = self._n_clipped = 0

    def restore(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same sound in blocks (n_channels, n) of other lengths, its clipped peaks restored beyond full scale.

        Samples that are not clipped keep every bit. All come 1.6 s late at 44.1 kHz. Cost for a second of a
        channel there: less than a millisecond where nothing is clipped, 0.08 s where something is.
        """
        for chunk, first, after in _chunks(blocks, self._n_channels):
            self._n_samples += self._n_channels * (after - first)
            signs = [clipped(samples) for samples in chunk]
            self._n_clipped += sum(int(np.count_nonzero(one[first:after])) for one in signs)
            whole = np.stack([declip(*channel) for channel in zip(chunk, signs, strict=True)])
            yield whole[:, first:after]

    def remarks(self) -> Iterator[Remark]:
        """Say so where a good part of what was restored so far was clipped."""
        share = self._n_clipped / max(self._n_samples, 1)
        if share >= _TOLD_SHARE:
            yield Remark(
                "clipping",
                f"{share:.1%} of the samples are clipped. Their peaks were restored before transcribing.",
                {"clipped_share": round(share, 4)},
            )


def clipped(samples: Samples) -> NDArray[np.int8]:
    """For every sample of one channel 1 if it is cut off above, -1 if it is cut off below, 0 if it is whole."""
    signs = np.zeros(len(samples), np.int8)
    for sign in (1, -1):
        side = samples * sign
        extreme = side.max(initial=0.0)
        if extreme < _LEAST_LEVEL:
            continue
        is_extreme = side >= extreme * (1 - _FLAT)
        is_run = is_extreme[2:] & is_extreme[1:-1] & is_extreme[:-2]
        if np.count_nonzero(np.diff(is_run.astype(np.int8), prepend=np.int8(0)) > 0) >= _LEAST_RUNS:
            signs[is_extreme] = sign
    return signs


def declip(samples: Samples, signs: NDArray[np.int8]) -> Samples:
    """One channel with the samples that `signs` marks (see `clipped`) restored outwards.

    Each step keeps more of the largest partials of every window, and puts the samples that are whole back.
    """
    at = np.flatnonzero(signs)
    if not len(at):
        return samples
    from scipy import fft

    outwards = signs[at].astype(np.float32)
    least = samples[at] * outwards
    restored = samples.copy()
    spectra = fft.rfft(_windows(restored))
    left = np.zeros_like(spectra)  # what sparsity has taken away so far
    for step in range(1, _N_STEPS + 1):
        sparse = _largest(spectra + left, round(step * _MOST_PARTIALS / _N_STEPS))
        sound = _joined(fft.irfft(sparse - left), len(samples))
        restored[at] = np.maximum(sound[at] * outwards, least) * outwards
        spectra = fft.rfft(_windows(restored))
        left += spectra - sparse
    return restored


def _largest(spectra: Spectra, n: int) -> Spectra:
    """The n largest values of every row, and zeros."""
    power = np.square(spectra.real) + np.square(spectra.imag)
    threshold = np.partition(power, -n, axis=1)[:, -n, None]
    return np.where(power >= threshold, spectra, np.complex64(0))


def _taper() -> Samples:
    """The window before and behind the spectrum; its squares, a hop apart, add up to 1."""
    return np.sin(np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW).astype(np.float32)


def _windows(samples: Samples) -> Samples:
    """All windows, (n_windows, _WINDOW), the first and the last half empty."""
    padded = np.pad(samples, (_HOP, _HOP + -len(samples) % _HOP))
    return np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP] * _taper()


def _joined(windows: Samples, n_samples: int) -> Samples:
    """The samples of which these are the windows."""
    halves = (windows * _taper()).reshape(len(windows), 2, _HOP)
    joined: Samples = (halves[:-1, 1] + halves[1:, 0]).reshape(-1)[:n_samples]
    return joined


def _chunks(blocks: Iterable[Block], n_channels: int) -> Iterator[tuple[Block, int, int]]:
    """Chunks of a stream with a window more on either side, and where in them the chunk itself begins and ends."""
    held, first = np.zeros((n_channels, 0), np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block], axis=1)
        while held.shape[1] >= first + _CHUNK + _WINDOW:
            yield held[:, : first + _CHUNK + _WINDOW], first, first + _CHUNK
            held, first = held[:, first + _CHUNK - _WINDOW :], _WINDOW
    if held.shape[1] > first:
        yield held, first, held.shape[1]
