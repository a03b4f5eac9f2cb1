"""Random changes of the beats that a meter is heard in: the faults that beats have when they are found."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pianotrans.score.beats.notes import Array
from pianotrans.score.meter.network import Level
from pianotrans.training.beats.augmentation import BeatAugmentation

_SAME_S = 0.04  # beats nearer than this are one
_LEVELS = (Level.DOUBLE, Level.TRIPLE, Level.HALF, Level.THIRD, Level.BETWEEN)
_LEVEL_SHARES = (0.35, 0.12, 0.35, 0.08, 0.10)


@dataclass(frozen=True)
class MeterAugmentation:
    """How much a performance and its beats are changed."""

    performance: BeatAugmentation = field(default_factory=BeatAugmentation)
    at_another_level: float = 0.35  # probability
    most_jitter_s: float = 0.012
    far_off: float = 0.02  # of the beats, in half of the examples
    most_lost: float = 0.02  # of the beats, in half of the examples
    most_added: float = 0.01


@dataclass(frozen=True, eq=False)
class LabelledBeats:
    """Beats at `times_s`, (n_beats,); `place` (n_beats,) is where in the bar, -1 where no place is known.

    `is_downbeat` (n_beats,) is 1, 0, or -1 where it is not known.
    """

    times_s: Array
    place: NDArray[np.int64]
    is_downbeat: NDArray[np.int64]
    level: Level = Level.RIGHT

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Some of the beats."""
        return replace(
            self,
            times_s=self.times_s[chosen],
            place=self.place[chosen],
            is_downbeat=self.is_downbeat[chosen],
        )


def augment_beats(beats: LabelledBeats, settings: MeterAugmentation, random: Generator) -> LabelledBeats:
    """Beats at another level, perhaps, some of them lost, added, or off."""
    if random.random() < settings.at_another_level:
        beats = at_level(beats, _LEVELS[random.choice(len(_LEVELS), p=_LEVEL_SHARES)], random)
    beats = _shift(beats, settings, random)
    if random.random() < 0.5:
        beats = beats[random.random(len(beats.times_s)) >= random.uniform(0, settings.most_lost)]
    if random.random() < 0.5:
        beats = _add(beats, random.random(len(beats.times_s) - 1) < random.uniform(0, settings.most_added))
    beats = beats[np.argsort(beats.times_s, kind="stable")]
    return beats[np.diff(beats.times_s, prepend=-np.inf) > _SAME_S]


def at_level(beats: LabelledBeats, level: Level, random: Generator) -> LabelledBeats:
    """Twice or three times as many beats, half or a third of them, or those between them; they have no places."""
    times_s, n = beats.times_s, len(beats.times_s)
    if level in (Level.DOUBLE, Level.TRIPLE):
        parts = 2 if level == Level.DOUBLE else 3
        times_s = np.interp(np.arange((n - 1) * parts + 1) / parts, np.arange(n), times_s)
    elif level in (Level.HALF, Level.THIRD):
        parts = 2 if level == Level.HALF else 3
        times_s = times_s[random.integers(parts) :: parts]
    elif level == Level.BETWEEN:
        times_s = (times_s[1:] + times_s[:-1]) / 2
    else:
        return beats
    unknown = np.full(len(times_s), -1)
    return LabelledBeats(times_s, unknown, unknown, level)


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
    is_known = beats.level == Level.RIGHT
    return replace(
        beats,
        times_s=np.insert(beats.times_s, at + 1, middle_s),
        place=np.insert(beats.place, at + 1, -1),
        is_downbeat=np.insert(beats.is_downbeat, at + 1, 0 if is_known else -1),
    )
