"""Exact decoding of the semi-Markov CRF, compiled (DESIGN §6).

Axes: N tracks, T frames. The recursion runs from the last frame to the first, so that afterwards the best
path can be read off forwards from any start frame. O(T²) per track; one row of scores is read at a time, in
the order in which it lies in memory.
"""

from dataclasses import dataclass

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from pianotrans.semicrf.scores import IntervalScores

_TRACKS_PER_TILE = 6  # their maps (1.9 MB each at T = 691) stay in a common last-level cache

# Of fast-math only what lets a maximum be vectorised: -inf keeps its meaning, NaN never occurs.
_FAST_MAXIMUM = {"nnan", "nsz"}


@dataclass(frozen=True)
class BestMoves:
    """What the best path does at every frame, whichever frame it starts from."""

    next_frame: NDArray[np.int32]  # (N, T): t + 1 over a gap, or the end of the interval that begins at t
    is_interval: NDArray[np.bool_]  # (N, T): whether the move to next_frame is an interval
    has_singleton: NDArray[np.bool_]  # (N, T)

    def __getitem__(self, tracks: slice) -> "BestMoves":
        """The moves of some tracks."""
        return BestMoves(self.next_frame[tracks], self.is_interval[tracks], self.has_singleton[tracks])

    def read(self, start_frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Intervals of every track's best path from its start frame, (n, 3): track, begin, end.

        At a frame the singleton comes first, then the interval that begins there. A start beyond the last
        frame gives nothing.
        """
        n_tracks, n_frames = self.next_frame.shape
        if start_frames.shape != (n_tracks,) or (start_frames < 0).any():
            raise ValueError(f"start_frames: ({n_tracks},) frames ≥ 0 needed, got {start_frames!r}")
        rows = np.empty((2 * n_tracks * n_frames, 3), np.int64)
        n = _read_paths(self.next_frame, self.is_interval, self.has_singleton, start_frames, rows)
        return rows[:n].copy()


def decode(scores: NDArray[np.float32 | np.float64], gap: NDArray[np.float64] | None = None) -> BestMoves:
    """Best moves under full score maps, (N, T, T) indexed [begin, end], and gap scores (N, T - 1).

    -inf scores are never taken. Ties: no singleton at score 0, the gap before an interval, of two
    intervals the shorter.
    """
    n_tracks, n_frames, _ = scores.shape
    if gap is None:
        gap = np.zeros((n_tracks, max(n_frames - 1, 0)))
    singleton = np.ascontiguousarray(np.diagonal(scores, axis1=1, axis2=2))
    moves = _empty_moves(n_tracks, n_frames)
    lengths = np.ones(n_frames, scores.dtype)  # the maps hold whole scores: nothing to multiply with
    _decode_tracks(scores, lengths, singleton, gap, moves.next_frame, moves.is_interval, moves.has_singleton)
    return moves


def decode_factored(scores: IntervalScores) -> BestMoves:
    """Best moves under scores in factors, gap scores zero; never more than a few tracks' maps in memory."""
    n_tracks, n_frames = scores.n_tracks, scores.n_frames
    moves = _empty_moves(n_tracks, n_frames)
    gap = np.zeros((n_tracks, max(n_frames - 1, 0)))
    lengths = np.arange(n_frames, dtype=np.float32)
    singleton = scores.singleton.float().cpu().contiguous().numpy()
    tile = torch.empty(_TRACKS_PER_TILE, n_frames, n_frames, device=scores.query.device)
    for first in range(0, n_tracks, _TRACKS_PER_TILE):
        some = slice(first, min(first + _TRACKS_PER_TILE, n_tracks))
        affinity = scores.affinity(some, tile[: some.stop - some.start]).cpu().numpy()
        _decode_tracks(
            affinity,
            lengths,
            singleton[some],
            gap[some],
            moves.next_frame[some],
            moves.is_interval[some],
            moves.has_singleton[some],
        )
    return moves


def _empty_moves(n_tracks: int, n_frames: int) -> BestMoves:
    shape = (n_tracks, n_frames)
    return BestMoves(np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape, np.bool_))


@numba.njit(cache=True, nogil=True)
def _decode_tracks(scores, lengths, singleton, gap, next_frame, is_interval, has_singleton):  # type: ignore[no-untyped-def]
    for n in range(scores.shape[0]):
        _decode_track(scores[n], lengths, singleton[n], gap[n], next_frame[n], is_interval[n], has_singleton[n])


@numba.njit(cache=True, nogil=True, fastmath=_FAST_MAXIMUM)
def _decode_track(scores, lengths, singleton, gap, next_frame, is_interval, has_singleton):  # type: ignore[no-untyped-def]
    n_frames = len(singleton)
    best = np.empty(n_frames)  # weight of the best labelling from each frame on
    candidate = np.empty(n_frames)
    for t in range(n_frames - 1, -1, -1):
        move = 0.0
        next_frame[t] = t + 1
        is_interval[t] = False
        if t < n_frames - 1:
            move = best[t + 1] + gap[t]
            row = scores[t]
            highest = -np.inf
            for e in range(t + 1, n_frames):
                candidate[e] = lengths[e - t] * row[e] + best[e]
                highest = max(highest, candidate[e])
            if highest > move:
                e = t + 1
                while candidate[e] != highest:
                    e += 1
                move = highest
                next_frame[t] = e
                is_interval[t] = True
        has_singleton[t] = singleton[t] > 0
        best[t] = move + max(singleton[t], 0.0)


@numba.njit(cache=True, nogil=True)
def _read_paths(next_frame, is_interval, has_singleton, start_frames, rows):  # type: ignore[no-untyped-def]
    n_tracks, n_frames = next_frame.shape
    n = 0
    for track in range(n_tracks):
        t = start_frames[track]
        while t < n_frames:
            if has_singleton[track, t]:
                rows[n, 0], rows[n, 1], rows[n, 2] = track, t, t
                n += 1
            following = next_frame[track, t]
            if is_interval[track, t]:
                rows[n, 0], rows[n, 1], rows[n, 2] = track, t, following
                n += 1
            t = following
    return n
