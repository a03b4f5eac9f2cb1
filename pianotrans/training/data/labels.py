"""The true events of a chunk as what the network is trained on: intervals of frames with attributes (README §9)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import FrameGrid, Performance
from pianotrans.network import AnyModelConfig
from pianotrans.network.config import TracksConfig

PEDAL_VELOCITY = 127
"""What the velocity head is trained to say of a pedal, as in the published model."""

_Span = tuple[float, float, int]  # onset s, offset s, velocity


@dataclass(frozen=True, eq=False)
class Labels:
    """The events of one chunk; all arrays (n,), sorted by track, then time.

    Within a track they are a labelling of the semi-CRF: intervals may share an end point, no singleton comes twice.
    """

    track: NDArray[np.int64]
    begin: NDArray[np.int64]  # frames of the chunk
    end: NDArray[np.int64]
    velocity: NDArray[np.int64]
    onset_position: NDArray[np.float64]  # frames, within ±0.5
    offset_position: NDArray[np.float64]
    onset_present: NDArray[np.bool_]  # false: the event began before the chunk
    offset_present: NDArray[np.bool_]  # false: the event goes on behind the chunk

    def __len__(self) -> int:
        """Number of events."""
        return len(self.track)

    @classmethod
    def nothing(cls) -> Self:
        """A chunk without any event."""
        integers, floats, flags = np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.bool_)
        return cls(integers, integers, integers, integers, floats, floats, flags, flags)

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """The labels of all parts, one behind the other."""
        some = [cls.nothing(), *parts]
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in some]) for f in fields(cls)})


def labels_of(performance: Performance, start_s: float, config: AnyModelConfig, n_samples: int) -> Labels:
    """What is to be heard in the chunk of `n_samples` samples that starts at `start_s`.

    The chunk may start before the recording or end behind it. Onsets and offsets go to their nearest frame and
    keep the remainder. Events are clipped at the chunk's borders; the clipped side is marked as not present, and
    so is an offset on the very end of the chunk. An event that overlaps the next of its key or pedal ends where
    that one begins. Events of a track that lie within one and the same frame cannot be told apart: they become
    one, from the first onset to the last offset, with the velocity of the first. Keys and pedals that the model has
    no track for are left out. Pedals have velocity 127.
    """
    grid = FrameGrid(config.spectrogram.sample_rate, config.spectrogram.hop_samples)
    duration_s = n_samples / config.spectrogram.sample_rate
    by_track = _by_track(performance, config.tracks)
    parts = [_of_track(track, by_track[track], start_s, duration_s, grid) for track in sorted(by_track)]
    return Labels.joined(parts)


def _by_track(performance: Performance, tracks: TracksConfig) -> dict[int, list[_Span]]:
    """The events of every track that has any, in order of onset."""
    track_of = {number: track for track, number in enumerate(tracks.numbers)}
    by_track: dict[int, list[_Span]] = defaultdict(list)
    for note in performance.notes:
        if note.key in track_of:
            by_track[track_of[note.key]].append((note.onset_s, note.offset_s, note.velocity))
    for pedal in performance.pedals:
        if -pedal.controller in track_of:
            by_track[track_of[-pedal.controller]].append((pedal.onset_s, pedal.offset_s, PEDAL_VELOCITY))
    return by_track


def _of_track(track: int, events: list[_Span], start_s: float, duration_s: float, grid: FrameGrid) -> Labels:
    onset_s, offset_s, velocity = np.array(events).T
    offset_s = np.minimum(offset_s, np.append(onset_s[1:], np.inf))
    onset_s, offset_s = onset_s - start_s, offset_s - start_s
    heard = (onset_s < offset_s) & (offset_s > 0) & (onset_s < duration_s)
    onset_s, offset_s, velocity = onset_s[heard], offset_s[heard], velocity[heard]
    intervals = grid.to_intervals(np.clip(np.stack([onset_s, offset_s], axis=-1), 0, duration_s))
    first, last = _separable(intervals.begin, intervals.end)
    return Labels(
        track=np.full(len(first), track, np.int64),
        begin=intervals.begin[first],
        end=intervals.end[last],
        velocity=velocity[first].astype(np.int64),
        onset_position=intervals.onset[first],
        offset_position=intervals.offset[last],
        onset_present=onset_s[first] >= 0,
        offset_present=offset_s[last] < duration_s,
    )


def _separable(begin: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last event of every run of events that are one and the same interval."""
    differs = (begin[1:] != begin[:-1]) | (end[1:] != end[:-1])
    edges = np.concatenate([[True], differs, [True]])[: len(begin) + 1]
    return np.flatnonzero(edges[:-1]), np.flatnonzero(edges[1:])
