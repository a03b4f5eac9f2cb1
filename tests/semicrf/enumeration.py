"""The semi-CRF by its definition: list every labelling. Slow and obvious.

A labelling walks the frames from a start to the last one. At every frame it stands on it may emit the
singleton (t, t); it moves on over a gap to t + 1, or by an interval (t, e) to its end e > t. There are 2, 8,
36, 164, 748, 3412, … labellings of 1, 2, 3, 4, 5, 6, … frames.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

Interval = tuple[int, int]
Labelling = tuple[Interval, ...]


@cache
def labellings(n_frames: int, start: int = 0) -> tuple[Labelling, ...]:
    """All labellings of frames start … n_frames - 1, each in the order in which it is read."""
    return tuple(_walk(start, n_frames))


def _walk(frame: int, n_frames: int) -> Iterator[Labelling]:
    for singleton in ((), ((frame, frame),)):
        if frame == n_frames - 1:
            yield singleton
            continue
        for rest in labellings(n_frames, frame + 1):
            yield singleton + rest
        for end in range(frame + 1, n_frames):
            for rest in labellings(n_frames, end):
                yield (*singleton, (frame, end), *rest)


def weight(labelling: Labelling, scores: NDArray[np.float64], gap: NDArray[np.float64], start: int = 0) -> float:
    """Score of one labelling: its intervals and the gaps it walks over; scores (T, T), gap (T - 1,)."""
    covered = {frame for begin, end in labelling for frame in range(begin, end)}
    gaps = sum(gap[frame] for frame in range(start, len(gap)) if frame not in covered)
    return float(sum(scores[interval] for interval in labelling) + gaps)


def log_partition(scores: NDArray[np.float64], gap: NDArray[np.float64], start: int = 0) -> float:
    """Log of the summed weights of all labellings from frame `start` on."""
    weights = [weight(x, scores, gap, start) for x in labellings(len(scores), start)]
    return float(np.logaddexp.reduce(weights))


def marginals(scores: NDArray[np.float64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Posterior probability of every interval, (T, T)."""
    log_z = log_partition(scores, gap)
    result = np.zeros_like(scores)
    for labelling in labellings(len(scores)):
        probability = np.exp(weight(labelling, scores, gap) - log_z)
        for interval in labelling:
            result[interval] += probability
    return result


def best_weight(scores: NDArray[np.float64], gap: NDArray[np.float64], start: int = 0) -> float:
    """Weight of the best labelling from frame `start` on."""
    return max(weight(x, scores, gap, start) for x in labellings(len(scores), start))
