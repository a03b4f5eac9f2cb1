"""Convert seconds to the ticks of a MIDI file, in which events of one key or pedal must not overlap."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from pianotrans.errors import MidiError
from pianotrans.events.conductor import DEFAULT_BPM, TICKS_PER_QUARTER, conduct_steadily
from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.events.smf import Clock

TICKS_PER_SECOND = round(TICKS_PER_QUARTER * DEFAULT_BPM / 60)
"""At 120 quarters a minute: a tick lasts 0.52 ms."""

_STEADY = conduct_steadily().clock
_LAST_TICK = 2**28 - 1  # the largest delta time of a MIDI file: 38 h 50 min

_Event = TypeVar("_Event", Note, Pedal)


class TickNote(NamedTuple):
    """A note in ticks; `onset` < `offset`."""

    onset: int
    offset: int
    key: int
    velocity: int


class TickPedal(NamedTuple):
    """A pedal in ticks; `onset` < `offset`."""

    onset: int
    offset: int
    controller: int


class Ticks(NamedTuple):
    """A performance in ticks, as a MIDI file holds it. `end` is the tick of its end."""

    notes: tuple[TickNote, ...]
    pedals: tuple[TickPedal, ...]
    end: int


def quantise(performance: Performance, clock: Clock = _STEADY) -> Ticks:
    """Put a performance on the grid of ticks, free of overlaps; by default 1920 in a second.

    Within one key (and within one kind of pedal) an event is cut where the next one begins. If several begin on
    one tick, only the last one in order of onset and offset remains. Every event lasts at least one tick.
    Notes are in order of onset and key, pedals in order of onset and controller.
    Raises MidiError for a performance longer than a MIDI file can be (38 hours).
    """
    end_s = performance.end_s
    if clock.ticks(end_s) >= _LAST_TICK - 1:
        raise MidiError(
            f"performance: lasts {end_s / 3600:.1f} h. A MIDI file can hold "
            f"{clock.seconds(_LAST_TICK) / 3600:.1f} h. Split it."
        )
    by_key: dict[int, list[Note]] = defaultdict(list)
    for note in performance.notes:
        by_key[note.key].append(note)
    by_controller: dict[int, list[Pedal]] = defaultdict(list)
    for pedal in performance.pedals:
        by_controller[pedal.controller].append(pedal)

    notes = [
        TickNote(onset, offset, key, note.velocity)
        for key, track in by_key.items()
        for onset, offset, note in _separated(track, clock)
    ]
    pedals = [
        TickPedal(onset, offset, controller)
        for controller, track in by_controller.items()
        for onset, offset, _ in _separated(track, clock)
    ]
    offsets = [note.offset for note in notes] + [pedal.offset for pedal in pedals]
    return Ticks(
        tuple(sorted(notes, key=lambda n: (n.onset, n.key))),
        tuple(sorted(pedals, key=lambda p: (p.onset, p.controller))),
        max([tick_at(performance.duration_s, clock), *offsets]),
    )


def tick_at(time_s: float, clock: Clock) -> int:
    """The tick nearest to a time."""
    return round(clock.ticks(time_s))


def _separated(track: Iterable[_Event], clock: Clock) -> Iterator[tuple[int, int, _Event]]:
    """(onset, offset, event) in ticks for the events of one key or pedal, given in order of onset."""
    beginning = {tick_at(event.onset_s, clock): event for event in track}  # the last event on a tick stays
    onsets: list[int] = list(beginning)
    for onset, following in zip(onsets, [*onsets[1:], _LAST_TICK], strict=True):
        offset = max(tick_at(beginning[onset].offset_s, clock), onset + 1)
        yield onset, min(offset, following), beginning[onset]
