"""What the posterior of a segment holds besides its best path: other ends, and intervals that nearly are on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Note
from pianotrans.semicrf import Confidence

LEAST_PROBABLE = 0.05
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
        end, probability = likely.best_end(track, begin)
        end = max(begin, end)
        if not is_taken[track, begin : max(end - _FRAMES_APART, begin + 1)].any():
            is_taken[track, max(begin - _FRAMES_APART, 0) : max(end, begin + _FRAMES_APART + 1)] = True
            found.append(((track, begin, end), probability))
    return found


def choose_candidates(near: Sequence[Note], notes: Sequence[Note]) -> tuple[Note, ...]:
    """The candidates that overlap none of the notes of their key."""
    return tuple(near)


def _rows(intervals: list[tuple[int, int, int]]) -> Rows:
    return np.array(intervals, np.int64).reshape(-1, 3)
