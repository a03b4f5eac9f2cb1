"""Exact decoding of the semi-Markov CRF, compiled (README §6).

Axes: N tracks, T frames. The recursion runs from the last frame to the first, so that afterwards the best
path can be read off forwards from any start frame. O(T²) per track; one row of scores is read at a time, in
the order in which it lies in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pianotrans.compiling import compiled
from pianotrans.semicrf.chances import Chances
from pianotrans.semicrf.confidence import Confidence, ConfidenceSums
from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.tiles import Tile, frame_lengths, over_tiles, singletons

# The parts of fast-math that let a maximum be vectorised: -inf keeps its meaning, NaN never occurs.
_FAST_MAXIMUM = {"nnan", "nsz"}


@dataclass(frozen=True)
class BestMoves:
    """What the best path does at every frame, whichever frame it starts from."""

    next_frame: NDArray[np.int32]  # (N, T): t + 1 over a gap, or the end of the interval that begins at t
    is_interval: NDArray[np.bool_]  # (N, T): whether the move to next_frame is an interval
    has_singleton: NDArray[np.bool_]  # (N, T)

    @classmethod
    def nothing(cls, n_tracks: int, n_frames: int) -> "BestMoves":
        """Gaps throughout: paths without any interval."""
        shape = (n_tracks, n_frames)
        next_frame = np.broadcast_to(np.arange(1, n_frames + 1, dtype=np.int32), shape).copy()
        return cls(next_frame, np.zeros(shape, np.bool_), np.zeros(shape, np.bool_))

    @classmethod
    def joined(cls, parts: Sequence["BestMoves"]) -> "BestMoves":
        """The moves of the tracks of all parts, in order."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*(part.arrays for part in parts), strict=True)))

    @property
    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
        """The three, in order."""
        return self.next_frame, self.is_interval, self.has_singleton

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
        n = _read_paths(*self.arrays, start_frames, rows)
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
    moves, best = _empty_moves(n_tracks, n_frames), np.empty((n_tracks, n_frames))
    lengths = np.ones(n_frames, scores.dtype)  # the maps hold whole scores: nothing to multiply with
    _decode_rows(scores, 0, lengths, singleton, gap, best, *moves.arrays)
    return moves


def decode_factored(scores: IntervalScores) -> BestMoves:
    """Best moves under scores in factors, gap scores zero."""
    return _decode_factored(scores, None)


def decode_with_confidence(scores: IntervalScores) -> tuple[BestMoves, Confidence]:
    """Best moves as by `decode_factored`, and how probable they are; little more time, O(N · T) more memory."""
    sums = ConfidenceSums(scores.n_tracks, scores.n_frames)
    return _decode_factored(scores, sums), sums.confidence()


def _decode_factored(scores: IntervalScores, sums: ConfidenceSums | None) -> BestMoves:
    n_tracks, n_frames = scores.n_tracks, scores.n_frames
    moves, best = _empty_moves(n_tracks, n_frames), np.empty((n_tracks, n_frames))
    gap = np.zeros((n_tracks, max(n_frames - 1, 0)))
    singleton, lengths = singletons(scores), frame_lengths(scores)

    def decode_some(tracks: slice, tiles: Iterator[Tile]) -> None:
        rows = [array[tracks] for array in (singleton, gap, best, *moves.arrays)]
        chances = None if sums is None else Chances(singleton[tracks])
        for first, tile in tiles:
            _decode_rows(tile, first, lengths, *rows)
            if chances is not None:
                chances.extend(tile, first, lengths)
        if sums is not None and chances is not None:
            sums.pass_on(tracks, chances, moves.arrays)

    over_tiles(decode_some, scores)
    return moves


def _empty_moves(n_tracks: int, n_frames: int) -> BestMoves:
    shape = (n_tracks, n_frames)
    return BestMoves(np.empty(shape, np.int32), np.empty(shape, np.bool_), np.empty(shape, np.bool_))


# tile[n, i, j] belongs to the interval from frame first + i to frame first + j; `lengths` multiplies it.
# best[n, t]: weight of the best labelling of track n from frame t on.
@compiled(fastmath=_FAST_MAXIMUM)
def _decode_rows(  # type: ignore[no-untyped-def]
    tile, first, lengths, singleton, gap, best, next_frame, is_interval, has_singleton
):
    n_tracks, n_rows, n_columns = tile.shape
    candidate = np.empty(n_columns)
    for n in range(n_tracks):
        for i in range(n_rows - 1, -1, -1):
            t = first + i
            move = 0.0
            next_frame[n, t] = t + 1
            is_interval[n, t] = False
            if i < n_columns - 1:
                move = best[n, t + 1] + gap[n, t]
                highest = -np.inf
                for j in range(i + 1, n_columns):
                    candidate[j] = lengths[j - i] * tile[n, i, j] + best[n, first + j]
                    highest = max(highest, candidate[j])
                if highest > move:
                    j = i + 1
                    while candidate[j] != highest:
                        j += 1
                    move = highest
                    next_frame[n, t] = first + j
                    is_interval[n, t] = True
            has_singleton[n, t] = singleton[n, t] > 0
            best[n, t] = move + max(singleton[n, t], 0.0)


@compiled()
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
