"""Pieces of sound with time stamps to one stream of samples: gaps become silence, overlaps are cut."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pianotrans.audio.decoder import Gap

JITTER_S = 0.03
"""By how much time stamps may be off: some containers round them, some programs read them from a clock."""
DAMAGE_JITTER_S = 0.015  # where sound was lost, time stamps are believed more closely
_SILENCE_SAMPLES = 2**16  # that a piece of silence holds at the most


class Timeline:
    """Where the next sample belongs, and the gaps so far. Positions are samples from the recording's beginning."""

    def __init__(self, sample_rate: int, position: int | None = None) -> None:
        """Begin at 0, or with a piece whose position is known better than by its time stamp."""
        self.sample_rate = sample_rate
        self.position = position or 0
        self.gaps: list[Gap] = []
        self._is_cutting = False  # whether the last piece was cut off altogether
        self._stamped = position  # where the next piece should begin by the time stamps so far

    def place(
        self, samples: NDArray[Any], position: int | None = None, *, is_damage: bool = False
    ) -> Iterator[NDArray[Any]]:
        """The samples (n_channels, n_samples) with what belongs before them.

        Without a position they follow the ones before. A first piece is put exactly where it belongs, later ones
        only if they are off by more than the jitter of time stamps.
        """
        if position is not None:
            if self._stamped is None and position < 0:
                self.position = position  # what comes before time 0 is left out below
            jump = position - self.position
            is_first, step = self._stamped is None, position - (self._stamped or 0)
            self._stamped = position + samples.shape[1]
            tolerated_s = 0.0 if is_first or self._is_cutting else DAMAGE_JITTER_S if is_damage else JITTER_S
            if jump > tolerated_s * self.sample_rate:
                # A clock that runs away from the samples is put right without a word.
                is_told = is_damage or is_first or step > JITTER_S / 2 * self.sample_rate
                yield from self.silence(samples, jump, is_damage=is_damage, is_told=is_told and not is_first)
            elif -jump > tolerated_s * self.sample_rate:
                samples = samples[:, -jump:]
            self._is_cutting = not samples.shape[1]
        if self.position < 0:
            n_early = min(-self.position, samples.shape[1])
            self.position += n_early
            samples = samples[:, n_early:]
        if samples.shape[1]:
            self.position += samples.shape[1]
            yield samples

    def silence(
        self, like: NDArray[Any], n_samples: int, *, is_damage: bool, is_told: bool = True
    ) -> Iterator[NDArray[Any]]:
        """Silence in the channels and the type of some other samples."""
        start_s = self.position / self.sample_rate
        if is_told or is_damage:
            self.gaps.append(Gap(start_s, start_s + n_samples / self.sample_rate, is_damage))
        self.position += n_samples
        silent = np.full_like(like[:, :1], 128 if like.dtype == np.uint8 else 0)
        for begin in range(0, n_samples, _SILENCE_SAMPLES):
            yield np.repeat(silent, min(_SILENCE_SAMPLES, n_samples - begin), axis=1)
