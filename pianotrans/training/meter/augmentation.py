"""Random changes of the beats that bars are heard in: the faults that beats have when they are found."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array
from pianotrans.training.beats.augmentation import BeatAugmentation

_SAME_S = 0.04  # beats nearer than this are one
_FACTORS, _FACTOR_SHARES = (2.0, 3.0, 0.5), (0.5, 0.1, 0.4)  # of the beats, at another level


@dataclass(frozen=True)
class MeterAugmentation:
    """How much a performance and its beats are changed."""

    performance: BeatAugmentation = field(default_factory=BeatAugmentation)
    at_another_level: float = 0.25  # probability that there are twice, three times or half as many beats
    most_jitter_s: float = 0.012
    far_off: float = 0.02  # of the beats, in half of the examples
    most_lost: float = 0.02  # of the beats, in half of the examples
    most_added: float = 0.01


@dataclass(frozen=True, eq=False)
class LabelledBeats:
    """Beats at `times_s`, (n_beats,); `place` (n_beats,) is an index of `PLACES`, -1 where it is not known.

    `is_downbeat` (n_beats,) says where bars begin.
    """

    times_s: Array
    place: NDArray[np.int64]
    is_downbeat: NDArray[np.bool_]

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Some of the beats."""
        return replace(
            self,
            times_s=self.times_s[chosen],
            place=self.place[chosen],
            is_downbeat=self.is_downbeat[chosen],
        )


def change_level(
    beats_s: Array, is_downbeat: NDArray[np.bool_], settings: MeterAugmentation, random: Generator
) -> tuple[Array, NDArray[np.bool_]]:
    """Beats and downbeats where more or fewer beats are counted in the same bars, perhaps."""
    if random.random() >= settings.at_another_level:
        return beats_s, is_downbeat
    factor = random.choice(_FACTORS, p=_FACTOR_SHARES)
    if factor < 1:
        first = int(is_downbeat[1::2].sum() > is_downbeat[::2].sum())
        keeps_bars = (
            is_downbeat[first::2].sum() > 0.9 * is_downbeat.sum()
        )  # not where there are three beats in each
        return (beats_s[first::2], is_downbeat[first::2]) if keeps_bars else (beats_s, is_downbeat)
    number = np.arange((len(beats_s) - 1) * factor + 1) / factor
    is_old = number % 1 == 0
    finer = np.zeros(len(number), dtype=bool)
    finer[is_old] = is_downbeat[: is_old.sum()]
    return np.interp(number, np.arange(len(beats_s)), beats_s), finer


def harm_beats(beats: LabelledBeats, settings: MeterAugmentation, random: Generator) -> LabelledBeats:
    """Move beats, lose some and add others."""
    beats = _shift(beats, settings, random)
    if random.random() < 0.5:
        beats = beats[random.random(len(beats.times_s)) >= random.uniform(0, settings.most_lost)]
    if random.random() < 0.5:
        beats = _add(beats, random.random(len(beats.times_s) - 1) < random.uniform(0, settings.most_added))
    beats = beats[np.argsort(beats.times_s, kind="stable")]
    return beats[np.diff(beats.times_s, prepend=-np.inf) > _SAME_S]


def _shift(beats: LabelledBeats, settings: MeterAugmentation, random: Generator) -> LabelledBeats:
    """Move all beats a little, and some of them far."""
    n = len(beats.times_s)
    period_s = np.diff(beats.times_s, append=beats.times_s[-1] + 0.5)
    jitter_s = random.normal(0, random.uniform(0, settings.most_jitter_s), n)
    jitter_s = np.clip(jitter_s, -0.2 * period_s, 0.2 * period_s)
    if random.random() < 0.5:
        jitter_s += (random.random(n) < settings.far_off) * random.uniform(-0.3, 0.3, n) * period_s
    return replace(beats, times_s=beats.times_s + jitter_s)


def _add(beats: LabelledBeats, after: NDArray[np.bool_]) -> LabelledBeats:
    """Add a beat half-way to the next one, after some of them."""
    at = np.flatnonzero(after)
    middle_s = (beats.times_s[at] + beats.times_s[at + 1]) / 2
    return replace(
        beats,
        times_s=np.insert(beats.times_s, at + 1, middle_s),
        place=np.insert(beats.place, at + 1, -1),
        is_downbeat=np.insert(beats.is_downbeat, at + 1, False),
    )
