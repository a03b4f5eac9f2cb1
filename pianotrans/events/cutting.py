"""Cut a performance at a time."""

from dataclasses import replace
from typing import TypeVar

from pianotrans.events.performance import Note, Pedal, Performance

_Event = TypeVar("_Event", Note, Pedal)


def cut_at(performance: Performance, end_s: float) -> Performance:
    """The events that begin before `end_s` seconds. Longer events, and the performance itself, end there."""
    return Performance(
        _before(performance.notes, end_s),
        _before(performance.pedals, end_s),
        min(performance.duration_s, end_s),
        performance.remarks,
    )


def _before(events: tuple[_Event, ...], end_s: float) -> tuple[_Event, ...]:
    return tuple(replace(one, offset_s=min(one.offset_s, end_s)) for one in events if one.onset_s < end_s)
