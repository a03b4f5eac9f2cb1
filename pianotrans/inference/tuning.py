"""How far a recording is off pitch, measured on its beginning.

The partials of a piano in tune lie near the semitones of A4 = 440 Hz. Their distances from there, taken on a circle
of 100 cents, crowd around one value, which is the tuning. What has no tuning (noise, speech, drums) gives distances
all around the circle, few tones that last, or few pitches.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio import Block
from pianotrans.errors import UsageError
from pianotrans.remarks import Remark

_BORNE_CENTS = 32.0  # the published model loses nothing up to 30; the estimate is good to 2
MAX_CENTS = 1200.0

_MIN_TONES = 80  # ten seconds of most pieces have them, ten notes above the bass do not
_MIN_SURENESS = 0.35  # no speech, noise or drum came above 0.15 with as many tones
_ONCE_A_KEY = 5  # tones of one pitch beyond these are no news: a hum, a drum

_LOWEST_HZ, _HIGHEST_HZ = 130.0, 1800.0  # below, semitones lie too close for the window; above, strings are stiff
_WINDOW_S = 0.37
_PROMINENCE_DB = 10.0  # above the median of the spectrum
_RANGE_DB = 40.0  # below the loudest partial of all
_SAME_TONE_CENTS = 12.0
_MIN_WINDOWS = 3  # that a tone lasts


@dataclass(frozen=True)
class Tuning:
    """The tuning of a recording as far as it can be told.

    `cents` lies in -50 … 50, from the nearest semitone of A4 = 440 Hz; a piano that is 60 cents flat is 40 sharp.
    """

    cents: float
    sureness: float  # 0 … 1: how closely the tones crowd around it
    n_tones: int  # that it rests on

    @property
    def is_sure(self) -> bool:
        """Whether the tones are enough, and agree."""
        return self.n_tones >= _MIN_TONES and self.sureness >= _MIN_SURENESS

    @property
    def is_off(self) -> bool:
        """Whether it is surely further off than the published model bears."""
        return self.is_sure and abs(self.cents) > _BORNE_CENTS


def resolve_tuning(tuning: str | float) -> float | None:
    """The cents that are meant; None for "auto", 0 for "off". Raises UsageError for anything else."""
    if tuning == "auto":
        return None
    try:
        cents = 0.0 if tuning == "off" else float(tuning)
    except ValueError:
        cents = math.nan
    if not abs(cents) <= MAX_CENTS:
        raise UsageError(f"{tuning!r} given. It must be auto, off, or cents from -1200 to 1200.", "tuning")
    return cents


def estimate_tuning(blocks: Iterable[Block], sample_rate: int) -> Tuning:
    """Measure the tuning of sound, given in blocks of shape (n_channels, n_samples).

    Cost: 2 ms for a second of stereo, at most. Memory: 1000 numbers for every 0.2 s.
    """
    tones = _Tones.of(_spectra(blocks, sample_rate), sample_rate)
    if not tones.cents.size:
        return Tuning(0.0, 0.0, 0)
    _, key, n_of_key = np.unique(np.round(tones.cents / 100), return_inverse=True, return_counts=True)
    counted = np.minimum(n_of_key, _ONCE_A_KEY)
    weights = tones.weights * (counted / n_of_key)[key]
    mean = np.sum(weights * np.exp(2j * np.pi * tones.cents / 100)) / np.sum(weights)
    return Tuning(float(np.angle(mean)) * 50 / math.pi, float(abs(mean)), int(counted.sum()))


def tuning_remark(cents: float, sureness: float | None = None) -> Remark:
    """What people should know of a recording whose tuning is corrected; without a sureness, it was given.

    An estimate may be off by a whole semitone: a piano 60 cents flat sounds like one 40 cents sharp, a key lower.
    """
    off = f"{abs(cents):.0f} cents {'sharp' if cents > 0 else 'flat'} (A4 = {440 * 2 ** (cents / 1200):.1f} Hz)"
    values = {"tuning_cents": round(cents, 1)}
    if sureness is None:
        return Remark("tuning", f"transcribed for a piano {off}, as given.", values)
    values["sureness"] = round(sureness, 2)
    other = cents - math.copysign(100, cents)
    wrong = "low" if cents > 0 else "high"
    return Remark(
        "tuning",
        f"the piano sounds {off}: transcribed as if in tune. "
        f"If every note is a semitone too {wrong}, pass --tuning {other:.0f}.",
        values,
    )


@dataclass(frozen=True)
class _Tones:
    """Partials that keep their pitch for some time; arrays (n,)."""

    cents: NDArray[np.float64]  # from A4 = 440 Hz
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, spectra: NDArray[np.float32], sample_rate: int) -> "_Tones":
        """The tones in the levels of successive windows."""
        window, cents, level_db = _peaks(spectra, sample_rate)
        tone = _joined(window, cents)
        n_windows = np.bincount(tone)
        amplitude = 10 ** (level_db / 20)
        sums = np.bincount(tone, amplitude)
        lasting = n_windows >= _MIN_WINDOWS
        mean_cents = np.bincount(tone, amplitude * cents)[lasting] / sums[lasting]
        return cls(mean_cents, np.sqrt(sums[lasting] / n_windows[lasting]))


def _window_samples(sample_rate: int) -> int:
    return 1 << round(math.log2(_WINDOW_S * sample_rate))


def _bins(sample_rate: int) -> tuple[int, int]:
    """The first bin of the spectrum that counts, and the one behind the last."""
    per_hz = _window_samples(sample_rate) / sample_rate
    return int(_LOWEST_HZ * per_hz), int(min(_HIGHEST_HZ, 0.45 * sample_rate) * per_hz) + 1


def _spectra(blocks: Iterable[Block], sample_rate: int) -> NDArray[np.float32]:
    """Levels in dB, (n_windows, n_bins): the power of all channels together, in windows that overlap by half."""
    n_window = _window_samples(sample_rate)
    first, last = _bins(sample_rate)
    window = np.hanning(n_window)
    levels = [
        10 * np.log10(np.sum(np.abs(np.fft.rfft(part * window)[:, first:last]) ** 2, axis=0) + 1e-20)
        for part in _windows(blocks, n_window)
    ]
    return np.array(levels, np.float32).reshape(len(levels), last - first)


def _windows(blocks: Iterable[Block], n_window: int) -> Iterator[Block]:
    rest: Block | None = None
    for block in blocks:
        rest = block if rest is None else np.concatenate([rest, block], axis=1)
        while rest.shape[1] >= n_window:
            yield rest[:, :n_window]
            rest = rest[:, n_window // 2 :]


def _peaks(
    levels: NDArray[np.float32], sample_rate: int
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """The partials of all windows, in order of window and pitch: window, cents, level in dB; each (n,).

    The pitch is that of the parabola through three bins, in dB.
    """
    if not levels.size:
        return np.zeros(0, np.intp), np.zeros(0), np.zeros(0)
    left, middle, right = levels[:, :-2], levels[:, 1:-1], levels[:, 2:]
    threshold = np.maximum(np.median(levels, axis=1) + _PROMINENCE_DB, levels.max() - _RANGE_DB)
    window, at = np.nonzero((middle > left) & (middle >= right) & (middle > threshold[:, None]))
    a, b, c = (side[window, at].astype(np.float64) for side in (left, middle, right))
    position = _bins(sample_rate)[0] + 1 + at + (a - c) / (a - 2 * b + c) / 2
    hz = position * sample_rate / _window_samples(sample_rate)
    return window, 1200 * np.log2(hz / 440), b


def _joined(window: NDArray[np.intp], cents: NDArray[np.float64]) -> NDArray[np.intp]:
    """The number of the tone that each partial belongs to: it goes on where the next window has the same pitch."""
    tone = np.arange(len(window))
    starts = np.searchsorted(window, np.arange(window.max(initial=0) + 2))
    for before, start, end in zip(starts, starts[1:], starts[2:], strict=False):
        if before == start or start == end:
            continue
        nearest = before + np.abs(cents[start:end, None] - cents[None, before:start]).argmin(axis=1)
        same = np.abs(cents[start:end] - cents[nearest]) < _SAME_TONE_CENTS
        tone[start:end][same] = tone[nearest[same]]
    return np.unique(tone, return_inverse=True)[1]
