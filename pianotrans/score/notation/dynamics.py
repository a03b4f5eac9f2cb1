"""Dynamics from velocities."""

from xml.etree.ElementTree import Element, SubElement

import numpy as np

from pianotrans.score.beats.notes import Array, Integers
from pianotrans.score.notation.directions import Direction
from pianotrans.score.score import Score

_LEVELS = ("pp", "p", "mp", "mf", "f", "ff")
_STEP = 12  # velocities between two levels
_CHANGE = 3.0  # what a change costs, in bars that are one level off


def find_dynamics(score: Score) -> list[Direction]:
    """A level at the beginning, and one wherever the loudness of bars changes for long.

    Levels are relative to the piece, whose median lies between mp and mf.
    """
    loudness = _bar_loudness(score)
    known = np.flatnonzero(np.isfinite(loudness))
    if not len(known):
        return []
    velocities = [score.performance.notes[i].velocity for note in score.notes for i in note.performed]
    place = (loudness[known] - np.median(velocities)) / _STEP + 2.55
    levels = _smooth_levels(place)
    found = []
    for i, level in enumerate(levels):
        if i == 0 or level != levels[i - 1]:
            dynamics = Element("dynamics")
            SubElement(dynamics, _LEVELS[level])
            found.append(Direction(score.measures[known[i]].position, 1, "below", (dynamics,)))
    return found


def _bar_loudness(score: Score) -> Array:
    """The mean velocity of the louder half of each measure's notes, (n_measures,); NaN where none begins."""
    starts = np.array([float(measure.position) for measure in score.measures])
    by_bar: list[list[int]] = [[] for _ in score.measures]
    for note in score.notes:
        i = max(0, int(np.searchsorted(starts, float(note.position), side="right")) - 1)
        by_bar[i].append(score.performance.notes[note.performed[0]].velocity)
    return np.array([np.mean(sorted(bar)[len(bar) // 2 :]) if bar else np.nan for bar in by_bar])


def _smooth_levels(place: Array) -> Integers:
    """The level of every bar with few changes, (n_bars,): squared distances and a price for each change."""
    distance = (place[:, None] - np.arange(len(_LEVELS))) ** 2  # (bar, level)
    best = distance[0]
    back = np.zeros(distance.shape, dtype=np.int64)
    for i in range(1, len(place)):
        cheapest = int(np.argmin(best))
        changes = best[cheapest] + _CHANGE < best
        back[i] = np.where(changes, cheapest, np.arange(len(_LEVELS)))
        best = np.where(changes, best[cheapest] + _CHANGE, best) + distance[i]
    level = int(np.argmin(best))
    levels = np.zeros(len(place), dtype=np.int64)
    for i in range(len(place) - 1, -1, -1):
        levels[i] = level
        level = int(back[i, level])
    return levels
