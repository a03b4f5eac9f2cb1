"""Names for the events of a transcription that stay the same, whatever is done to them later."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from pianotrans.events import Note, Pedal, Performance

_MILLISECOND = Decimal("0.001")


def number_of(event: Note | Pedal) -> int:
    """The MIDI number of a key, or of a pedal's controller."""
    return event.key if isinstance(event, Note) else event.controller


def identities_of(events: Iterable[Note | Pedal]) -> tuple[str, ...]:
    """For each note or pedal its number and onset: `60@12.345`, then `60@12.345#2` if that is taken.

    Halves of a millisecond are rounded up, as JavaScript does.
    """
    counts: Counter[str] = Counter()
    found = []
    for event in events:
        onset_s = Decimal(event.onset_s).quantize(_MILLISECOND, ROUND_HALF_UP)
        name = f"{number_of(event)}@{onset_s}"
        counts[name] += 1
        found.append(name if counts[name] == 1 else f"{name}#{counts[name]}")
    return tuple(found)


def digest_of(performance: Performance) -> str:
    """A SHA-256 in hexadecimal of its notes and pedals: numbers, times to the microsecond, velocities."""
    rows = [f"{n.key} {_us(n.onset_s)} {_us(n.offset_s)} {n.velocity}" for n in performance.notes]
    rows += [f"{p.kind} {_us(p.onset_s)} {_us(p.offset_s)}" for p in performance.pedals]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _us(time_s: float) -> int:
    return round(time_s * 1e6)
