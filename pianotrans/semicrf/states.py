"""Decoding by states: whether a track sounds from each frame to the next, whichever interval it is (README §6).

The frame in which a pedal goes down is in doubt by several, and so is the one in which it goes up, while that it is
down between them is not. So the time in which it is more probably down than up is read, and not the likeliest
intervals. Axes: N tracks, T frames.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pianotrans.semicrf.confidence import Confidence
from pianotrans.semicrf.posterior import Posterior
from pianotrans.semicrf.viterbi import BestMoves

SHORTEST_RUN = 3
"""Frames, 0.07 s: no pedal is down for less."""


def decode_states(posterior: Posterior) -> tuple[BestMoves, Confidence]:
    """The runs of frames that lie more probably within an interval than between two, as moves; no singletons.

    From within a run the move is to its end, too. The confidence of a move is the mean probability to be within an
    interval until then, and that of its begin the first one.
    """
    sounds = _within_an_interval(posterior)
    n_tracks, n_frames = posterior.visited.shape
    moves, found = BestMoves.nothing(n_tracks, n_frames), Confidence.nothing(n_tracks, n_frames)
    for track in range(n_tracks):
        for first, end in _runs(sounds[track] > 0.5):
            moves.is_interval[track, first:end] = True
            moves.next_frame[track, first:end] = end
            rest = sounds[track, first:end]
            found.begin[track, first:end] = rest
            found.interval[track, first:end] = rest[::-1].cumsum()[::-1] / np.arange(end - first, 0, -1)
    return moves, Confidence(found.interval, found.singleton, found.begin, likely=posterior.likely)


def _within_an_interval(posterior: Posterior) -> NDArray[np.float64]:
    """How probably each frame and the next lie within one interval, (N, T - 1)."""
    suffixes = posterior.suffixes
    gap = posterior.visited[:, :-1] * (suffixes.weight[:, 1:] - suffixes.onward[:, :-1]).exp()
    sounds: NDArray[np.float64] = (1 - gap).double().cpu().numpy()
    return sounds


def _runs(is_within: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last frame of everything that lasts long enough."""
    edges = np.flatnonzero(np.diff(np.pad(is_within, 1).astype(np.int8))).reshape(-1, 2)
    return ((int(first), int(end)) for first, end in edges if end - first >= SHORTEST_RUN)
