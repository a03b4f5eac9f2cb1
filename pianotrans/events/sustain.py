"""Extend notes for as long as the sustain pedal holds the dampers up."""

from bisect import bisect_left
from dataclasses import replace
from enum import StrEnum

from pianotrans.events.performance import Note, Pedal, Performance
from pianotrans.piano import SUSTAIN


class Durations(StrEnum):
    """How long a note lasts: while its key is held, or until the sustain pedal lets the string be damped."""

    keys = "keys"
    sounding = "sounding"


def extend_by_pedal(performance: Performance) -> Performance:
    """The performance as it sounds, without its sustain pedal.

    A note whose key is released while the sustain pedal is down lasts until the pedal goes up. Every note
    ends where its key is struck again, if that is earlier. Down means strictly between the pedal's onset and
    offset: a pedal that goes up and down in one instant damps. Other pedals stay. O((n + p) log p) for n notes
    and p pedals. This is the convention of the MAESTRO literature.
    """
    held = _merged(performance.pedals_of(SUSTAIN))
    onsets = [onset_s for onset_s, _ in held]
    extended: list[Note] = []
    struck_next: dict[int, tuple[float, float]] = {}  # key: (its next onset, the onset after that one)
    for note in reversed(performance.notes):
        offset_s = note.offset_s
        i = bisect_left(onsets, offset_s) - 1  # the last pedal that went down before the key was released
        if i >= 0:
            offset_s = max(offset_s, held[i][1])
        following, later = struck_next.get(note.key, (float("inf"), float("inf")))
        if following > note.onset_s:
            struck_next[note.key] = (note.onset_s, following)
        else:  # same onset, from another voice of a file: both end at the next onset
            following = later
        offset_s = min(offset_s, following)
        extended.append(note if offset_s == note.offset_s else note.ending_at(offset_s))
    others = tuple(pedal for pedal in performance.pedals if pedal.kind != SUSTAIN)
    return replace(performance, notes=tuple(reversed(extended)), pedals=others)


def _merged(pedals: tuple[Pedal, ...]) -> list[tuple[float, float]]:
    """(onset_s, offset_s) of the pedals, overlapping ones merged; those that only touch stay apart."""
    spans: list[tuple[float, float]] = []
    for pedal in pedals:
        if spans and pedal.onset_s < spans[-1][1]:
            onset_s, offset_s = spans.pop()
            spans.append((onset_s, max(offset_s, pedal.offset_s)))
        else:
            spans.append((pedal.onset_s, pedal.offset_s))
    return spans
