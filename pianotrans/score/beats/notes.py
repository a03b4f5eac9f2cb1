"""The notes of a performance as arrays, and their onsets: notes that are struck together."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Performance
from pianotrans.piano import SUSTAIN

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

TOGETHER_S = 0.03  # notes at most this far from the one before them are struck together …
SPREAD_S = 0.05  # … unless their onset would last longer than this
LONG_GAP_S = 0.35  # a beat may fall into a gap longer than this, …
REST_STEP_S = 0.12  # … at points about this far from each other …
MOST_IN_A_GAP = 200  # … of which a gap has no more than these: 24 s of silence


@dataclass(frozen=True, eq=False)
class NoteTable:
    """Notes in order of onset: four arrays (n_notes,); `pedals_s` (n_pedals, 2) are spans of the sustain pedal.

    `pedals_s` is None where nothing is known of the pedal.
    """

    onset_s: Array
    offset_s: Array
    key: Integers
    velocity: Integers
    pedals_s: Array | None

    @classmethod
    def from_performance(cls, performance: Performance, *, knows_pedals: bool = True) -> Self:
        """The notes of a performance, and its sustain pedal where that is known."""
        notes = performance.notes
        spans = [(pedal.onset_s, pedal.offset_s) for pedal in performance.pedals_of(SUSTAIN)]
        return cls(
            np.array([note.onset_s for note in notes], dtype=float),
            np.array([note.offset_s for note in notes], dtype=float),
            np.array([note.key for note in notes], dtype=np.int64),
            np.array([note.velocity for note in notes], dtype=np.int64),
            np.array(spans, dtype=float).reshape(-1, 2) if knows_pedals else None,
        )


@dataclass(frozen=True, eq=False)
class Moments:
    """Where a beat may fall: every onset, and points in longer gaps between them.

    `time_s` (n_moments,) is strictly increasing; `is_onset` (n_moments,) says where something is struck; `of_note`
    (n_notes,) is each note's onset, as an index of moments.
    """

    time_s: Array
    is_onset: NDArray[np.bool_]
    of_note: Integers

    @property
    def n_moments(self) -> int:
        """How many there are."""
        return len(self.time_s)


def find_moments(onset_s: Array) -> Moments:
    """Group notes that are struck together, and fill long gaps; an onset's time is the mean of its notes'.

    `onset_s` (n_notes,) is in order.
    """
    of_note = _group(onset_s)
    n_onsets = int(of_note[-1]) + 1 if len(of_note) else 0
    onsets_s = np.bincount(of_note, weights=onset_s, minlength=n_onsets) / np.maximum(np.bincount(of_note), 1)
    gap_s = np.diff(onsets_s)
    n_silent = np.where(gap_s > LONG_GAP_S, np.round(gap_s / REST_STEP_S).astype(np.int64) - 1, 0)
    n_silent = np.minimum(n_silent, MOST_IN_A_GAP)
    position = np.arange(n_onsets) + np.concatenate([[0], np.cumsum(n_silent)])[:n_onsets]
    n_moments = int(position[-1]) + 1 if n_onsets else 0
    is_onset = np.zeros(n_moments, dtype=bool)
    is_onset[position] = True
    time_s = np.interp(np.arange(n_moments), position, onsets_s) if n_onsets else onsets_s
    return Moments(time_s, is_onset, position[of_note])


def _group(onset_s: Array) -> Integers:
    """The number of every note's onset, from 0."""
    starts, first_s, last_s = [], -np.inf, -np.inf
    for i, time_s in enumerate(onset_s.tolist()):
        if time_s - last_s > TOGETHER_S or time_s - first_s > SPREAD_S:
            starts.append(i)
            first_s = time_s
        last_s = time_s
    return np.repeat(np.arange(len(starts)), np.diff([*starts, len(onset_s)]))
