"""Melody, bass and all lower notes; and curves that keep their value until the next onset."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats

_CHORD_STEP_S, _CHORD_S = 0.03, 0.05  # between two onsets of a chord, and from the first to the last
_SPLIT_KEY = 60  # the highest note of a chord is melody only above middle C


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """All notes of a side, the highest of each chord, the lowest, and all but the highest; in order of onset."""

    everything: EventTable
    melody: EventTable
    bass: EventTable
    lower: EventTable

    @property
    def n_chords_is_n_notes(self) -> bool:
        """Whether no two notes begin together."""
        return not len(self.bass)


def split_streams(notes: EventTable) -> Streams:
    """Gather notes that begin together into chords, and take the highest and the lowest of each (the skyline).

    A chord's only note is no bass; a chord's highest note from middle C downwards is in no stream. O(n log n).
    """
    notes = notes.rows(np.argsort(notes.onsets_s, kind="stable"))
    melody, bass, lower = [], [], []
    for chord in _chords(notes.onsets_s):
        keys = notes.keys[chord]
        highest, lowest = int(chord[keys.argmax()]), int(chord[keys.argmin()])
        if notes.keys[highest] > _SPLIT_KEY:
            melody.append(highest)
        if lowest != highest:
            bass.append(lowest)
        lower += [row for row in chord.tolist() if row != highest]
    rows = (np.array(some, dtype=np.intp) for some in (melody, bass, lower))
    return Streams(notes, *(notes.rows(some) for some in rows))


def _chords(onsets_s: Floats) -> list[NDArray[np.intp]]:
    """The rows of every chord, for onsets in order."""
    chords: list[list[int]] = []
    for row, onset_s in enumerate(onsets_s.tolist()):
        if chords:
            first_s, last_s = onsets_s[chords[-1][0]], onsets_s[chords[-1][-1]]
            if onset_s - first_s <= _CHORD_S and onset_s - last_s <= _CHORD_STEP_S:
                chords[-1].append(row)
                continue
        chords.append([row])
    return [np.array(chord, dtype=np.intp) for chord in chords]


def hold(onsets_s: Floats, values: Floats, at_s: Floats, outside: float) -> Floats:
    """The value of the last onset at or before each time, and `outside` before the first and after the last onset.

    `onsets_s` are in order, at least one. A single value holds for all time.
    """
    if len(onsets_s) == 1:
        return np.full(len(at_s), values[0])
    index = np.searchsorted(onsets_s, at_s, "right") - 1
    is_outside = (index < 0) | (at_s > onsets_s[-1])
    return np.where(is_outside, outside, values[np.maximum(index, 0)])


def correlate(a: Floats, b: Floats) -> float | None:
    """Pearson's correlation; None where one side is constant, or there are fewer than two values."""
    if len(a) < 2 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
