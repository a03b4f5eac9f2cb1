"""Cut a performance at its beginning or its end."""

from dataclasses import replace
from typing import TypeVar

from pianotrans.events.performance import Note, Pedal, Performance

_Event = TypeVar("_Event", Note, Pedal)


def cut_at(performance: Performance, end_s: float) -> Performance:
    """The events that begin before `end_s` seconds. Longer events, and the performance itself, end there."""
    return replace(
        performance,
        notes=_before(performance.notes, end_s),
        pedals=_before(performance.pedals, end_s),
        duration_s=min(performance.duration_s, end_s),
        candidates=_before(performance.candidates, end_s),
    )


def begin_at(performance: Performance, start_s: float) -> Performance:
    """The events that begin at `start_s` seconds or later. Their times and the duration stay as they are."""
    return replace(
        performance,
        notes=tuple(note for note in performance.notes if note.onset_s >= start_s),
        pedals=tuple(pedal for pedal in performance.pedals if pedal.onset_s >= start_s),
        candidates=tuple(note for note in performance.candidates if note.onset_s >= start_s),
    )


def _before(events: tuple[_Event, ...], end_s: float) -> tuple[_Event, ...]:
    begun = (one for one in events if one.onset_s < end_s)
    return tuple(one if one.offset_s <= end_s else one.ending_at(end_s) for one in begun)
