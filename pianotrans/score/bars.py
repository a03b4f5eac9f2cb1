"""Bars and beats that cover a whole performance."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pianotrans.score.beats.grid import Beat, BeatGrid
from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.beats.periods import LONGEST_S

_EARLY = 0.4  # of a beat: an onset this much before the first beat still belongs to it
_UNKNOWN_BPM, _UNKNOWN_METER = 120.0, 4  # the form of a score without beats


@dataclass(frozen=True, slots=True)
class Bar:
    """`n_beats` beats from `first_beat` on. `number` is 0 for a pickup and counts from 1 otherwise.

    A pickup has fewer beats than its meter, `meter_beats`; other bars have as many.
    """

    number: int
    first_beat: int
    n_beats: int
    meter_beats: int


@dataclass(frozen=True, eq=False)
class BarGrid:
    """Whole bars from before the first onset of a performance to behind its last.

    `beats_s` (n_beats + 1,) are the times of all beats, strictly increasing; the last one ends the last bar. The
    first may be negative, where beats were added before the first one that was found. `confidence` and
    `downbeat_confidence` (n_beats,) are those of the beats found, 0 for those added.
    """

    beats_s: Array
    bars: tuple[Bar, ...]
    confidence: Array
    downbeat_confidence: Array

    @property
    def n_beats(self) -> int:
        """How many beats there are."""
        return len(self.beats_s) - 1

    def beat_at(self, time_s: Array) -> Array:
        """Times as beats since the first, with fractions; linear between beats and beyond both ends."""
        i = np.clip(np.searchsorted(self.beats_s, time_s, side="right") - 1, 0, self.n_beats - 1)
        length_s = np.diff(self.beats_s)
        beat: Array = i + (time_s - self.beats_s[i]) / length_s[i]
        return beat

    def time_at(self, beat: Array) -> Array:
        """Beats since the first as times."""
        i = np.clip(np.floor(beat).astype(np.int64), 0, self.n_beats - 1)
        time_s: Array = self.beats_s[i] + (beat - i) * np.diff(self.beats_s)[i]
        return time_s

    def bar_of_beat(self) -> Integers:
        """The index into `bars` of every beat, (n_beats,)."""
        return np.repeat(np.arange(len(self.bars)), [bar.n_beats for bar in self.bars])


class _Place(NamedTuple):
    """A beat on its way into a bar: found, or added where none was found."""

    time_s: float
    position: int
    n_beats: int
    confidence: float = 0.0
    downbeat_confidence: float = 0.0


def lay_out_bars(grid: BeatGrid, first_s: float, last_s: float) -> BarGrid:
    """Whole bars of the beats found, from before the onset at `first_s` to behind the one at `last_s`.

    Silences in which no beat was found are filled at the tempo around them, and the tempo at both ends goes on. A
    bar that a silence cuts has as many beats as there are. Fewer than two beats give bars of a fixed tempo.
    """
    if len(grid.beats) < 2:
        return fixed_bars(first_s, last_s)
    return _bar_grid(_extended(list(_without_gaps(grid.beats)), first_s, last_s))


def fixed_bars(first_s: float, last_s: float, bpm: float = _UNKNOWN_BPM) -> BarGrid:
    """Bars of four beats of a fixed tempo from `first_s` on; they mean nothing."""
    period_s = 60 / bpm
    places = [_Place(first_s + i * period_s, i, _UNKNOWN_METER) for i in range(2)]
    return _bar_grid(_extended(places, first_s, last_s))


def _without_gaps(beats: tuple[Beat, ...]) -> Iterator[_Place]:
    """Beats in order, with others in silences that are longer than a beat can be."""
    places = [_Place(b.time_s, b.position, b.n_beats, b.confidence, b.downbeat_confidence) for b in beats]
    usual_s = float(np.median(np.diff([place.time_s for place in places])))
    for this, following in pairwise(places):
        yield this
        gap_s = following.time_s - this.time_s
        is_joined = following.position in (0, this.position + 1)
        n_steps = 1 if is_joined and gap_s <= LONGEST_S else _steps_over(this, following, gap_s / usual_s)
        for i in range(1, n_steps):
            position = (this.position + i) % this.n_beats
            yield _Place(this.time_s + gap_s * i / n_steps, position, this.n_beats)
    yield places[-1]


def _steps_over(this: _Place, following: _Place, n_beats: float) -> int:
    """How many beats a silence takes, about `n_beats`: so many that the bar after it begins where it should."""
    aim = max(1, round(n_beats))
    fitting = [n for n in range(1, aim + this.n_beats) if (this.position + n) % this.n_beats == following.position]
    return min(fitting, key=lambda n: abs(n - n_beats), default=aim)


def _extended(places: list[_Place], first_s: float, last_s: float) -> list[_Place]:
    """Beats before the first one as far as `first_s`, and behind the last one to the end of the bar of `last_s`.

    The last place only ends the last bar.
    """
    first, last = places[0], places[-1]
    period_s = places[1].time_s - first.time_s
    n_before = max(0, int(np.ceil((first.time_s - first_s) / period_s - _EARLY)))
    before = [
        _Place(first.time_s - i * period_s, (first.position - i) % first.n_beats, first.n_beats)
        for i in range(n_before, 0, -1)
    ]
    period_s = last.time_s - places[-2].time_s
    n_behind = max(0, int(np.floor((last_s - last.time_s) / period_s + _EARLY))) + 1
    n_behind += (-(last.position + n_behind)) % last.n_beats
    behind = [
        _Place(last.time_s + i * period_s, (last.position + i) % last.n_beats, last.n_beats)
        for i in range(1, n_behind + 1)
    ]
    return [*before, *places, *behind]


def _bar_grid(places: list[_Place]) -> BarGrid:
    """Cut beats into bars at the downbeats; the last place is the end."""
    beats = places[:-1]
    starts = [i for i, place in enumerate(beats) if place.position == 0]
    starts = starts if starts and starts[0] == 0 else [0, *starts]
    number = 0 if beats[0].position else 1
    bars = []
    for start, end in pairwise([*starts, len(beats)]):
        meter_beats = beats[start].n_beats if number == 0 else end - start
        bars.append(Bar(number, start, end - start, meter_beats))
        number += 1
    return BarGrid(
        np.array([place.time_s for place in places]),
        tuple(bars),
        np.array([place.confidence for place in beats]),
        np.array([place.downbeat_confidence for place in beats]),
    )
