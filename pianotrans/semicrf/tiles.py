"""The score maps of some tracks on the CPU, a tile at a time and from the last frames to the first.

Each is reduced while it is still in the cache, and only what lies above the diagonal is made.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pianotrans.semicrf.scores import IntervalScores
from pianotrans.semicrf.threads import over_parts

# A tile of this size (2 MB at T = 691) is read back out of the last-level cache.
_TRACKS_PER_TILE = 6
_FRAMES_PER_TILE = 128

Tile = tuple[int, NDArray[np.float32]]
"""Its first frame, and affinities (n, B, E): [n, i, j] belongs to the interval from its frame i to its frame j."""


def over_tiles(work: Callable[[slice, Iterator[Tile]], None], scores: IntervalScores) -> None:
    """Call `work` with a few tracks and their tiles until all tracks are done; in threads, as `over_parts`.

    A tile is gone when the next one is asked for: all take the same place in memory.
    """

    def work_through(part: slice) -> None:
        room = scores.query.new_empty(_TRACKS_PER_TILE * _FRAMES_PER_TILE * scores.n_frames)
        for first in range(part.start, part.stop, _TRACKS_PER_TILE):
            tracks = slice(first, min(first + _TRACKS_PER_TILE, part.stop))
            work(tracks, _tiles(scores, tracks, room))

    over_parts(work_through, scores.n_tracks, torch.device("cpu"))


def frame_lengths(scores: IntervalScores) -> NDArray[np.float32]:
    """0, 1, … T - 1: by how many frames an affinity is multiplied to make a score."""
    return np.arange(scores.n_frames, dtype=np.float32)


def singletons(scores: IntervalScores) -> NDArray[np.float32]:
    """The scores of singletons, (N, T)."""
    array: NDArray[np.float32] = scores.singleton.float().cpu().contiguous().numpy()
    return array


def _tiles(scores: IntervalScores, tracks: slice, room: Tensor) -> Iterator[Tile]:
    for stop in range(scores.n_frames, 0, -_FRAMES_PER_TILE):
        begins = slice(max(stop - _FRAMES_PER_TILE, 0), stop)
        yield begins.start, scores.affinity(tracks, begins, room).cpu().numpy()
