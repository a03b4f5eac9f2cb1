"""The first track of a MIDI file: tempo, bars and keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from pianotrans.errors import MidiError
from pianotrans.events.lead_in import with_lead_in
from pianotrans.events.smf import Clock
from pianotrans.events.tempo_map import TempoMap

TICKS_PER_QUARTER = 960
DEFAULT_BPM = 120.0

_US_PER_MINUTE = 60_000_000
_LONGEST_TICKS = 16 * TICKS_PER_QUARTER  # with one tempo: what is lost in rounding grows with them
_SLOWEST_US = 0xFFFFFF  # microseconds per quarter: 3.6 quarters a minute


class TempoPer(StrEnum):
    """How often the tempo changes in a file."""

    beat = "beat"
    bar = "bar"


@dataclass(frozen=True)
class Conductor:
    """Tempo, time signatures and key signatures, each from a tick on; the first tempo from tick 0.

    `tempi` are (tick, microseconds per quarter), `time_signatures` (tick, numerator, denominator), `key_signatures`
    (tick, fifths, mode).
    """

    tempi: tuple[tuple[int, int], ...]
    time_signatures: tuple[tuple[int, int, int], ...] = ()
    key_signatures: tuple[tuple[int, int, str | None], ...] = ()

    @cached_property
    def clock(self) -> Clock:
        """Between its ticks and seconds, exactly as a reader of the file counts them."""
        return Clock.of(TICKS_PER_QUARTER, self.tempi)


def conduct_steadily(bpm: float = DEFAULT_BPM) -> Conductor:
    """One tempo in quarters a minute, no bars and no key. Raises MidiError for one that MIDI cannot hold."""
    tempo_us = round(_US_PER_MINUTE / bpm) if bpm > 0 else 0
    if not 0 < tempo_us <= _SLOWEST_US:
        raise MidiError(f"tempo of {bpm:g} quarters a minute: MIDI holds 4 to 60 million. Choose one of these.")
    return Conductor(((0, tempo_us),))


def conduct(tempo_map: TempoMap, per: TempoPer = TempoPer.beat) -> Conductor:
    """The ticks of a map, from 0 s on: one tempo for each of its positions, or for each bar.

    Where the map has no bars, a tempo per bar is one per position. Tempi are whole microseconds per quarter. What
    is lost in rounding one is made good in the next, and a tempo is given again after 16 quarters. So no position
    is off by more than 8 µs. Raises MidiError for a tempo that MIDI cannot hold.
    """
    tempo_map = with_lead_in(tempo_map)
    time_signatures = tempo_map.written_time_signatures()
    if per == TempoPer.bar and time_signatures:
        tempo_map = _by_bars(replace(tempo_map, time_signatures=time_signatures))
    return Conductor(
        tuple(_tempi(tempo_map)),
        tuple((_tick(place), numerator, denominator) for place, numerator, denominator in time_signatures),
        tuple((_tick(place), fifths, mode) for place, fifths, mode in tempo_map.key_signatures),
    )


def _tick(position: Fraction) -> int:
    return round(position * TICKS_PER_QUARTER)


def _by_bars(tempo_map: TempoMap) -> TempoMap:
    """The map with a steady tempo in every bar; that of the last bar holds to its end."""
    lines = tempo_map.bar_lines()
    if len(lines) < 2 or lines[-1] < tempo_map.positions[-1]:
        lines = (*lines, tempo_map.positions[-1])
    return replace(tempo_map, positions=lines, times_s=tuple(tempo_map.time_at(line) for line in lines))


def _tempi(tempo_map: TempoMap) -> Iterator[tuple[int, int]]:
    """(tick, microseconds per quarter). It counts in units of a microsecond / 960, as `Clock` does."""
    elapsed = 0
    for start, end, end_s in _stretches(tempo_map):
        tempo_us = max(round((end_s * 1_000_000 * TICKS_PER_QUARTER - elapsed) / (end - start)), 1)
        if tempo_us > _SLOWEST_US:
            raise MidiError(
                f"tempo map: a quarter note of {tempo_us / 1e6:.1f} s before {end_s:.1f} s. MIDI can hold "
                f"{_SLOWEST_US / 1e6:.1f} s. Give more beats there."
            )
        elapsed += tempo_us * (end - start)
        yield start, tempo_us


def _stretches(tempo_map: TempoMap) -> Iterator[tuple[int, int, float]]:
    """(first tick, last tick, time of the last tick) of all that lies between positions, in parts if it is long."""
    ticks = [_tick(position) for position in tempo_map.positions]
    for (begin, end), (begin_s, end_s) in zip(pairwise(ticks), pairwise(tempo_map.times_s), strict=True):
        for start in range(begin, end, _LONGEST_TICKS):
            stop = min(start + _LONGEST_TICKS, end)
            yield start, stop, begin_s + (end_s - begin_s) * (stop - begin) / (end - begin)
