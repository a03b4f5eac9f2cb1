"""Clean up transcriptions; every step is a function of a performance.

No step looks at the recording, so it may remove notes that were played. All steps are off by default.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from pianotrans.errors import UsageError
from pianotrans.events.performance import Note, Pedal, Performance

_LOUDEST = 127

E = TypeVar("E", Note, Pedal)


@dataclass(frozen=True)
class Cleaning:
    """The steps to apply and their limits; by default none.

    Raises UsageError for impossible limits: negative or infinite ones, a confidence above 1, a velocity above 127,
    an exponent of 0.
    """

    min_confidence: float = 0.0
    min_onset_confidence: float = 0.0
    min_velocity: int = 0
    join_gap_s: float = 0.0
    min_duration_s: float = 0.0
    pedal_gap_s: float = 0.0
    velocity_exponent: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_velocity <= _LOUDEST:
            raise UsageError(f"{self.min_velocity} given; it must be from 0 to {_LOUDEST}.", "min_velocity")
        for name in ("join_gap_s", "min_duration_s", "pedal_gap_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UsageError(f"{getattr(self, name)} given; it must be 0 or more.", name)
        for name in ("min_confidence", "min_onset_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{getattr(self, name)} given; it must be from 0 to 1.", name)
        if not 0 < self.velocity_exponent < math.inf:
            raise UsageError(f"{self.velocity_exponent} given; it must be above 0.", "velocity_exponent")

    def options(self) -> tuple[str, ...]:
        """The limits that are not the defaults, as the command line takes them."""
        given = ((field.name, getattr(self, field.name), field.default) for field in fields(self))
        return tuple(f"{_option(name)} {value:g}" for name, value, default in given if value != default)

    def apply(self, performance: Performance) -> Performance:
        """Apply the steps in an order in which none spoils another: join broken notes, then drop short ones."""
        performance = without_doubtful(performance, self.min_confidence, self.min_onset_confidence)
        performance = without_quiet(performance, self.min_velocity)
        performance = with_joined_notes(performance, self.join_gap_s)
        performance = without_short(performance, self.min_duration_s)
        performance = with_joined_pedals(performance, self.pedal_gap_s)
        return with_velocity_curve(performance, self.velocity_exponent)


def without_doubtful(
    performance: Performance, min_confidence: float, min_onset_confidence: float = 0.0
) -> Performance:
    """Drop the notes with a lower confidence or onset confidence.

    Pedals stay: the model is less sure of them, and a limit for notes would drop nearly all. Notes of unknown
    confidence stay, too. Many notes are in doubt only about their end: use the onset confidence to drop notes that
    may not exist at all.
    """
    notes = [note for note in performance.notes if _is_sure(note, min_confidence, min_onset_confidence)]
    return replace(performance, notes=tuple(notes))


def without_quiet(performance: Performance, min_velocity: int) -> Performance:
    """Drop the notes with a lower velocity."""
    return replace(performance, notes=tuple(note for note in performance.notes if note.velocity >= min_velocity))


def without_short(performance: Performance, min_duration_s: float) -> Performance:
    """Drop the notes that are held for less time."""
    notes = tuple(note for note in performance.notes if note.offset_s - note.onset_s >= min_duration_s)
    return replace(performance, notes=notes)


def with_joined_notes(performance: Performance, gap_s: float) -> Performance:
    """Join notes of a key that are less than `gap_s` apart, unless the later one was struck harder.

    The joined note keeps the velocity of the first; its confidence is unknown.
    """
    if not gap_s:
        return performance
    notes = [_joined(of_key, gap_s, lambda a, b: b.velocity <= a.velocity) for of_key in performance.by_key()]
    return replace(performance, notes=tuple(note for of_key in notes for note in of_key))


def with_joined_pedals(performance: Performance, gap_s: float) -> Performance:
    """Keep pedals down that are lifted for less than `gap_s`."""
    if not gap_s:
        return performance
    kinds = {pedal.kind: performance.pedals_of(pedal.kind) for pedal in performance.pedals}
    pedals = [_joined(of_kind, gap_s, lambda *_: True) for of_kind in kinds.values()]
    return replace(performance, pedals=tuple(pedal for of_kind in pedals for pedal in of_kind))


def with_velocity_curve(performance: Performance, exponent: float) -> Performance:
    """Bend velocities; 1 and 127 stay. An exponent below 1 raises the others, one above 1 lowers them."""
    notes = [replace(note, velocity=_bent(note.velocity, exponent)) for note in performance.notes]
    return replace(performance, notes=tuple(notes))


def _is_sure(note: Note, min_confidence: float, min_onset_confidence: float) -> bool:
    asked = ((note.confidence, min_confidence), (note.onset_confidence, min_onset_confidence))
    return all(known is None or known >= least for known, least in asked)


def _joined(events: Iterable[E], gap_s: float, can_join: Callable[[E, E], bool]) -> list[E]:
    """Events of one key or pedal, given in order of onset, with those less than `gap_s` apart joined."""
    kept: list[E] = []
    for event in events:
        if kept and event.onset_s - kept[-1].offset_s < gap_s and can_join(kept[-1], event):
            offset_s = max(kept[-1].offset_s, event.offset_s)
            kept[-1] = replace(kept[-1].ending_at(offset_s), confidence=None)
        else:
            kept.append(event)
    return kept


def _option(name: str) -> str:
    return "--velocity-curve" if name == "velocity_exponent" else f"--{name.removesuffix('_s').replace('_', '-')}"


def _bent(velocity: int, exponent: float) -> int:
    return 1 + round((_LOUDEST - 1) * math.pow((velocity - 1) / (_LOUDEST - 1), exponent))
