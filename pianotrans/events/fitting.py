"""Fit a performance to what plays or shows it. `views/assets/shared/fitting.js` does the same in the page.

What a step changes are ends: no note is lost, and none begins at another time.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pianotrans.errors import UsageError
from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.events.sustain import Durations, extend_by_pedal

E = TypeVar("E", Note, Pedal)


@dataclass(frozen=True)
class Fitting:
    """How long notes last and how pedals move; by default as they were transcribed.

    `durations`: with `sounding`, notes last as long as they sound, and the sustain pedal is left out. `pedal`:
    whether any pedal is written. `repeat_gap_s`: how long before its key is struck again a note ends.
    `max_duration_s`: the longest note; 0 is no limit. `pedal_lift_s`: how long a pedal is up before it goes down
    again.

    Raises UsageError for times that are negative or infinite.
    """

    durations: Durations = Durations.keys
    pedal: bool = True
    repeat_gap_s: float = 0.0
    max_duration_s: float = 0.0
    pedal_lift_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("repeat_gap_s", "max_duration_s", "pedal_lift_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UsageError(f"{getattr(self, name)} given; it must be 0 or more.", name)

    def options(self) -> tuple[str, ...]:
        """What differs from the defaults, as the command line takes it."""
        options = [] if self.durations is Durations.keys else [f"--durations {self.durations}"]
        options += [] if self.pedal else ["--no-pedal"]
        for name in ("repeat_gap", "max_duration", "pedal_lift"):
            if seconds := getattr(self, f"{name}_s"):
                options.append(f"--{name.replace('_', '-')} {seconds:g}")
        return tuple(options)

    def apply(self, performance: Performance) -> Performance:
        """The fitted performance. Gaps come last, as nothing may fill them again."""
        if self.durations is Durations.sounding:
            performance = extend_by_pedal(performance)
        if not self.pedal:
            performance = performance.without_pedals()
        performance = with_longest(performance, self.max_duration_s)
        performance = with_gaps(performance, self.repeat_gap_s)
        return with_pedal_lifts(performance, self.pedal_lift_s)


def with_longest(performance: Performance, max_duration_s: float) -> Performance:
    """End every note after this time at the latest; 0 changes nothing."""
    if not max_duration_s:
        return performance
    notes = (_until(note, note.onset_s + max_duration_s) for note in performance.notes)
    return replace(performance, notes=tuple(notes))


def with_gaps(performance: Performance, gap_s: float) -> Performance:
    """End every note `gap_s` before the next one of its key begins, so that the hammer can fall back.

    If two onsets are so close that little would be left, the first note ends half-way between them. Onsets stay.
    """
    if not gap_s:
        return performance
    notes = []
    for of_key in performance.by_key():
        for i, note in enumerate(of_key):
            following_s = next(
                (later.onset_s for later in of_key[i + 1 :] if later.onset_s > note.onset_s), math.inf
            )
            latest_s = max(following_s - gap_s, (note.onset_s + following_s) / 2)
            notes.append(_until(note, latest_s))
    return replace(performance, notes=tuple(notes))


def with_pedal_lifts(performance: Performance, lift_s: float) -> Performance:
    """Keep every pedal up for at least `lift_s` before it goes down again: it goes up earlier, never down later.

    So no note sounds shorter by more than `lift_s`. A stroke that would become shorter than `lift_s` stays down
    until the end of the next one instead.
    """
    if not lift_s:
        return performance
    kinds = {pedal.kind: performance.pedals_of(pedal.kind) for pedal in performance.pedals}
    pedals = [pedal for of_kind in kinds.values() for pedal in _lifted(of_kind, lift_s)]
    return replace(performance, pedals=tuple(pedals))


def _lifted(pedals: Sequence[Pedal], lift_s: float) -> Iterable[Pedal]:
    kept: list[Pedal] = []
    for pedal in pedals:
        if kept and pedal.onset_s - kept[-1].offset_s < lift_s:
            latest_s = pedal.onset_s - lift_s
            is_overlap = pedal.onset_s < kept[-1].offset_s  # one press, in two parts
            if not is_overlap and latest_s - kept[-1].onset_s >= lift_s:
                kept[-1] = kept[-1].ending_at(latest_s)
            else:
                offset_s = max(kept[-1].offset_s, pedal.offset_s)
                kept[-1] = replace(kept[-1].ending_at(offset_s), confidence=None)
                continue
        kept.append(pedal)
    return kept


def _until(event: E, latest_s: float) -> E:
    """The event, ended then if it lasts longer, unless nothing of it would be left."""
    return event.ending_at(latest_s) if event.onset_s < latest_s < event.offset_s else event
