"""What the posterior of a segment holds besides its best path: other ends, and intervals that nearly are on it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Note
from pianotrans.semicrf import Confidence

LEAST_PROBABLE = 0.05
_SAME_S = 0.05  # events of a key that begin closer to each other are the same one
_FRAMES_APART = 2  # begins that are closer are the same one, in doubt by frames

Rows = NDArray[np.int64]  # (n, 3): track, begin, end


@dataclass(frozen=True)
class RunnersUp:
    """Intervals that were not decoded, and their probabilities."""

    other_ends: Rows  # intervals of the path with another end
    row: NDArray[np.int64]  # of each, the interval of the path
    other_probability: NDArray[np.float64]
    candidates: Rows  # intervals with another begin, in order of track and begin
    probability: NDArray[np.float32]


def find_runners_up(confidence: Confidence, path: Rows) -> RunnersUp:
    """The runners-up of at least `LEAST_PROBABLE` to the intervals that were read from a segment, (n, 3)."""
    others = [
        ((track, begin, other), row, probability)
        for row, (track, begin, end) in enumerate(path.tolist())
        for other, probability in confidence.likely.other_ends(track, begin, end)
        if probability >= LEAST_PROBABLE
    ]
    near = sorted(_near(confidence, path))
    return RunnersUp(
        other_ends=_rows([interval for interval, _, _ in others]),
        row=np.array([row for _, row, _ in others], np.int64),
        other_probability=np.array([probability for _, _, probability in others], np.float64),
        candidates=_rows([interval for interval, _ in near]),
        probability=np.array([probability for _, probability in near], np.float32),
    )


def _near(confidence: Confidence, path: Rows) -> list[tuple[tuple[int, int, int], float]]:
    """The most probable begins that the path does not have, each with its best end; none overlaps another."""
    likely = confidence.likely
    weight = np.zeros(confidence.begin.shape, np.float32)
    np.add.at(weight, (likely.track, likely.begin), likely.probability)
    is_taken = np.zeros(weight.shape, np.bool_)
    for track, begin, _ in path.tolist():
        is_taken[track, max(begin - _FRAMES_APART, 0) : begin + _FRAMES_APART + 1] = True
    tracks, begins = np.nonzero((confidence.begin >= LEAST_PROBABLE) & (weight > 0) & ~is_taken)
    found = []
    for i in np.argsort(-weight[tracks, begins], kind="stable"):
        track, begin = int(tracks[i]), int(begins[i])
        if is_taken[track, begin]:  # as most are where all is noise
            continue
        end, probability = likely.best_end(track, begin)
        end = max(begin, end)
        if not is_taken[track, begin : max(end - _FRAMES_APART, begin + 1)].any():
            is_taken[track, max(begin - _FRAMES_APART, 0) : max(end, begin + _FRAMES_APART + 1)] = True
            found.append(((track, begin, end), probability))
    return found


def choose_candidates(near: Sequence[Note], notes: Sequence[Note]) -> tuple[Note, ...]:
    """The candidates beside the notes that were written; both of all keys, in any order.

    One may begin while a note of its key sounds, as if that were struck again, but not with it; and none is still
    sounding when the next one begins, but for the rounding of a frame, which is cut off.
    """
    onsets_s: dict[int, list[float]] = {}
    for note in sorted(notes, key=lambda note: note.onset_s):
        onsets_s.setdefault(note.key, []).append(note.onset_s)
    chosen = []
    for candidate in near:
        of_key = onsets_s.get(candidate.key, [])
        next_s = next(iter(of_key[bisect_left(of_key, candidate.onset_s - _SAME_S) :]), inf)
        if next_s >= max(candidate.onset_s + _SAME_S, candidate.offset_s - _SAME_S):
            chosen.append(candidate if candidate.offset_s <= next_s else candidate.ending_at(next_s))
    return tuple(chosen)


def _rows(intervals: list[tuple[int, int, int]]) -> Rows:
    return np.array(intervals, np.int64).reshape(-1, 3)
