"""A performance at other times, or on other keys."""

from collections.abc import Callable
from dataclasses import replace

from pianotrans.events.performance import Performance

_HIGHEST_MIDI_KEY = 127


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


def transpose(performance: Performance, by_keys: int) -> Performance:
    """The same performance so many keys higher, without the notes that MIDI cannot hold there. No candidates."""
    return replace(
        performance,
        notes=tuple(
            replace(note, key=note.key + by_keys)
            for note in performance.notes
            if 0 <= note.key + by_keys <= _HIGHEST_MIDI_KEY
        ),
        candidates=(),
    )
