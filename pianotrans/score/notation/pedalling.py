"""Pedal marks at the written positions nearest in time."""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np

from pianotrans.score.beats.notes import Array
from pianotrans.score.notation.directions import Direction
from pianotrans.score.score import Score

_Sign = Literal["start", "stop"]
_SIGNS: tuple[_Sign, _Sign] = ("start", "stop")
_SHORTEST, _SHORTEST_S = Fraction(1, 4), 0.3  # quarter notes, seconds


def find_pedals(score: Score, positions: Iterable[Fraction]) -> list[Direction]:
    """The marks of the sustain pedal below the lower staff, at some of `positions`, which are in order.

    One that is shorter than a sixteenth there, or than 0.3 s, is not written. Where a pedal is lifted and pressed
    again at one position, one line ends and another begins: Verovio cannot draw a change.
    """
    places = list(positions)
    pedals = score.performance.pedals_of("sustain")
    if len(places) < 2 or not pedals:
        return []
    times_s = position_times(score, places)
    starts = _nearest(times_s, np.array([pedal.onset_s for pedal in pedals]))
    ends = _nearest(times_s, np.array([pedal.offset_s for pedal in pedals]))
    spans: list[tuple[int, int]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        first = max(start, spans[-1][1]) if spans else start
        is_long = times_s[end] - times_s[first] >= _SHORTEST_S
        if end > first and is_long and places[end] - places[first] >= _SHORTEST:
            spans.append((first, end))
    return [_mark(places[i], sign) for span in spans for i, sign in zip(span, _SIGNS, strict=True)]


def _mark(position: Fraction, sign: _Sign) -> Direction:
    pedal = Element("pedal", {"type": sign, "line": "yes", "sign": "no"})
    return Direction(position, 2, "below", (pedal,))


def position_times(score: Score, places: list[Fraction]) -> Array:
    """When each position was played, in seconds, (n_places,): the mean onset of its notes, else between those.

    Never decreasing.
    """
    onsets: dict[Fraction, list[float]] = defaultdict(list)
    for note in score.notes:
        if note.duration:
            onsets[note.position].append(score.performance.notes[note.performed[0]].onset_s)
    for measure in score.measures:
        onsets.setdefault(measure.position, [measure.start_s])
    if score.measures:
        onsets.setdefault(score.measures[-1].end, [score.measures[-1].end_s])
    known = sorted(onsets)
    known_s = np.maximum.accumulate([float(np.mean(onsets[place])) for place in known])
    times_s: Array = np.interp([float(place) for place in places], [float(place) for place in known], known_s)
    return times_s


def _nearest(sorted_s: Array, times_s: Array) -> np.ndarray:
    right = np.clip(np.searchsorted(sorted_s, times_s), 1, len(sorted_s) - 1)
    return np.where(times_s - sorted_s[right - 1] <= sorted_s[right] - times_s, right - 1, right)
