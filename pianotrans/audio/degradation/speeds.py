"""Recordings that run at another speed, steady or not. Their times move by a map that is known exactly."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from pianotrans.audio.samples import Block

_WOW_HZ, _FLUTTER_HZ = 0.7, 7.0
_SPLINE = 5  # its degree
_N_STEPS = 6  # of the fixed point: each makes it nearer by a factor of 50 or more
_CHUNK_SAMPLES = 2**20
_BETWEEN_KEYS_CENTS = 10.0  # so near to the middle of two keys that the piano's own tuning decides


class TimeMap(Protocol):
    """From the times of a recording to those of its copy at another speed, and back; in seconds."""

    @property
    def keys_higher(self) -> tuple[int, ...]:
        """By how many keys the copy sounds higher, to the nearest; two where it lies between them."""
        ...

    def there(self, time_s: float) -> float:
        """When something of the recording is heard in the copy."""
        ...

    def back(self, time_s: float) -> float:
        """Which moment of the recording is heard at this time of the copy."""
        ...


@dataclass(frozen=True)
class Steady:
    """A copy that runs `speed` times as fast."""

    speed: float

    @property
    def keys_higher(self) -> tuple[int, ...]:
        """By how many keys the copy sounds higher, to the nearest; two where it lies between them."""
        cents = 1200 * math.log2(self.speed)
        return tuple(sorted({round((cents + by) / 100) for by in (-_BETWEEN_KEYS_CENTS, _BETWEEN_KEYS_CENTS)}))

    def there(self, time_s: float) -> float:
        """When something is heard in the copy."""
        return time_s / self.speed

    def back(self, time_s: float) -> float:
        """Which moment is heard at this time of the copy."""
        return time_s * self.speed


@dataclass(frozen=True)
class Unsteady:
    """A copy with wow (slow) and flutter (fast), each of which changes the speed by up to half of `depth`."""

    depth: float  # 0.01 is 1 %
    keys_higher: tuple[int, ...] = (0,)

    def there(self, time_s: float) -> float:
        """When something is heard in the copy."""
        return time_s + float(self._late_s(np.float64(time_s)))

    def back(self, time_s: float) -> float:
        """Which moment is heard at this time of the copy."""
        return float(self.moments_s(np.array([time_s]))[0])

    def moments_s(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Which moments of the recording are heard at these times of the copy, by a fixed point."""
        moments_s = times_s
        for _ in range(_N_STEPS):
            moments_s = times_s - self._late_s(moments_s)
        return moments_s

    def _late_s(self, time_s: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
        """How much later than in the recording something is heard; 0 at its beginning."""
        rates = [2 * np.pi * hz for hz in (_WOW_HZ, _FLUTTER_HZ)]
        late: NDArray[np.float64] = sum(self.depth / 2 / rate * np.sin(rate * time_s) for rate in rates)  # type: ignore[assignment]
        return late


def cents_sharp(cents: float) -> Steady:
    """The speed at which everything sounds so many cents higher."""
    return Steady(float(2 ** (cents / 1200)))


def run_at(samples: Block, rate: int, speed: float) -> Block:
    """Samples (n_channels, n) at another speed, about n / speed of them."""
    moved = soxr.resample(samples.T, rate * speed, rate)
    return np.ascontiguousarray(moved.T, np.float32)


def run_unsteadily(samples: Block, rate: int, unsteady: Unsteady) -> Block:
    """Samples (n_channels, n) at a speed that wavers, about as many of them, by splines of degree 5."""
    from scipy import ndimage

    n = round(unsteady.there(samples.shape[1] / rate) * rate)
    splines = [ndimage.spline_filter1d(channel, _SPLINE, mode="mirror") for channel in samples]
    made = np.empty((len(samples), n), np.float32)
    for first in range(0, n, _CHUNK_SAMPLES):
        last = min(first + _CHUNK_SAMPLES, n)
        at = unsteady.moments_s(np.arange(first, last) / rate) * rate
        for channel, spline in zip(made, splines, strict=True):
            ndimage.map_coordinates(spline, at[None], channel[first:last], _SPLINE, mode="mirror", prefilter=False)
    return made
