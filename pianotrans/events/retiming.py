"""A performance at other times."""

from collections.abc import Callable
from dataclasses import replace

from pianotrans.events.performance import Performance


def retime(performance: Performance, to: Callable[[float], float]) -> Performance:
    """The same notes and pedals at the times, in seconds, that `to` gives, which must rise. No candidates."""
    return replace(
        performance,
        notes=tuple(
            replace(note, onset_s=to(note.onset_s), offset_s=to(note.offset_s), other_offsets=())
            for note in performance.notes
        ),
        pedals=tuple(
            replace(pedal, onset_s=to(pedal.onset_s), offset_s=to(pedal.offset_s)) for pedal in performance.pedals
        ),
        duration_s=to(performance.duration_s),
        candidates=(),
    )
