"""Joining the intervals of overlapping segments into events of the recording (README §8).

Tracks are only numbers here; whether one is a key or a pedal does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import OtherOffset
from pianotrans.inference.segments import SegmentPlan

_SHORTEST_S = 1e-8
_LARGEST_POSITION = 0.5  # frames by which an onset may come before its frame
_MOST_OPEN = 3  # events of a track
_ALIKE_S = 0.01  # offsets that differ by less are the same


@dataclass(frozen=True)
class Event:
    """Something that sounds, or is held down, from onset to offset.

    Its confidences are those of the segment in which its onset was heard. If a later segment has heard the end, the
    confidence is the product of both segments': that of this onset and of still sounding at the border, times that
    of sounding there and of this end. The doubts are about different moments, so nothing is counted twice.
    """

    track: int
    onset_s: float
    offset_s: float
    velocity: int
    has_onset: bool = True  # false: it only goes on from an earlier segment
    has_offset: bool = True  # false: it goes on into a later segment
    confidence: float | None = None  # probability of this event, give or take a frame
    onset_confidence: float | None = None  # that one begins there, whenever it ends
    other_offsets: tuple[OtherOffset, ...] = ()
    is_written: bool = True  # false: it is nearly as probable as what was decoded, but was not


@dataclass(frozen=True)
class OtherEnds:
    """Where some intervals of a segment end otherwise; all arrays (m,)."""

    row: NDArray[np.int64]  # of the interval in its segment
    position: NDArray[np.float64]  # frames from the beginning of the segment
    probability: NDArray[np.float64]


@dataclass(frozen=True)
class DecodedSegment:
    """The intervals of one segment with their attributes; all arrays (n,), sorted by track, then time."""

    track: NDArray[np.int64]
    begin: NDArray[np.int64]  # frames
    end: NDArray[np.int64]
    velocity: NDArray[np.int64]
    onset_position: NDArray[np.float64]  # frames, within ±0.5
    offset_position: NDArray[np.float64]
    onset_present: NDArray[np.bool_]
    offset_present: NDArray[np.bool_]
    confidence: NDArray[np.float32] | None = None  # None: not asked for
    onset_confidence: NDArray[np.float32] | None = None
    other_ends: OtherEnds | None = None  # None: not asked for, as below
    candidates: "DecodedSegment | None" = None  # what might have been decoded besides

    def after(self, n: int) -> "DecodedSegment":
        """Without the first n intervals, and without what is known of their probabilities."""
        return DecodedSegment(*(getattr(self, name)[n:] for name in _DESCRIPTION))


_DESCRIPTION = (
    *("track", "begin", "end", "velocity", "onset_position"),
    *("offset_position", "onset_present", "offset_present"),
)


class Stitcher:
    """Takes the segments of a recording in order and gives events out as soon as they are final.

    An event is final when it ended before the next segment begins, and nothing cuts it that is still open. It is
    also final when three later ones of its track stand behind it: the last one may still be prolonged or replaced
    by the next segment, and what replaces it may cut the one before, or even, if that is shorter than a frame, the
    one before that. Memory: O(tracks).
    """

    def __init__(self, plan: SegmentPlan, n_tracks: int):
        self._plan = plan
        self._index = 0
        self._open: list[list[Event]] = [[] for _ in range(n_tracks)]
        self._late_candidates: list[Event] = []  # of the last segment: the next one knows better, if there is any
        self._read_until = np.full(n_tracks, plan.first_read_frame, np.int64)  # frames of the first segment

    @property
    def start_frames(self) -> NDArray[np.int64]:
        """Frame of the next segment from which each track's path is to be read, (n_tracks,).

        Reading goes on behind the last event of each track that is known to have ended.
        """
        return np.maximum(self._read_until - self._index * self._plan.hop_frames, 0)

    @property
    def final_s(self) -> float:
        """What has ended by this time is final, unless it overlaps an event of its track that is not.

        No event of the next segment begins earlier.
        """
        return float(self._plan.start_s(self._index) - _LARGEST_POSITION * self._plan.frame_duration_s)

    def push(self, segment: DecodedSegment) -> list[Event]:
        """Join the next segment; returns the events that became final, track by track, and the candidates."""
        has_joined = np.zeros(len(self._open), np.bool_)
        for event in self._events(segment):
            is_next = bool(has_joined[event.track])
            has_joined[event.track] |= _join(self._open[event.track], event, is_next=is_next)
        ended = self._has_offset(segment)
        ends = self._index * self._plan.hop_frames + segment.end[ended]
        np.maximum.at(self._read_until, segment.track[ended], ends)
        candidates = self._own_candidates(segment)
        self._index += 1
        final_s = self.final_s
        return [
            event for track in self._open for event in _take_final(track, keep=_n_open(track, final_s))
        ] + candidates

    def finish(self) -> list[Event]:
        """The remaining events; at the end of the recording the last one of each track counts as ended."""
        final = []
        for track in self._open:
            if track:
                track[-1] = replace(track[-1], has_offset=True)
            final += _take_final(track, keep=0)
        final += self._late_candidates
        self._late_candidates = []
        return final

    def _own_candidates(self, segment: DecodedSegment) -> list[Event]:
        """The candidates of this segment. What two segments hear is told by the one that hears more around it."""
        if segment.candidates is None:
            return []
        plan = self._plan
        margin_s = (plan.segment_samples - plan.hop_samples) / plan.sample_rate / 2
        first_s = plan.start_s(self._index) + margin_s if self._index else -np.inf
        after_s = plan.start_s(self._index + 1) + margin_s
        heard = [replace(event, is_written=False) for event in self._events(segment.candidates) if event.has_onset]
        heard = [event for one in heard for event in _take_final([one], keep=0)]
        self._late_candidates = [event for event in heard if event.onset_s >= after_s]
        return [event for event in heard if first_s <= event.onset_s < after_s]

    def _events(self, segment: DecodedSegment) -> Iterator[Event]:
        """Events of one segment, in order within each track and without overlap there."""
        onset_s = self._plan.frame_s(self._index, segment.begin + segment.onset_position)
        offset_s = self._plan.frame_s(self._index, segment.end + segment.offset_position)
        nothing_before = self._index == 0 and self._plan.padding_samples == 0
        has_onset = (segment.begin > 0) | segment.onset_present | nothing_before
        has_offset = self._has_offset(segment)
        other_offsets = self._other_offsets(segment)
        previous: Event | None = None
        for i, track in enumerate(segment.track.tolist()):
            onset = float(onset_s[i])
            if previous is not None and previous.track == track:
                onset = max(onset, previous.offset_s)
            offset = max(float(offset_s[i]), onset + _SHORTEST_S)
            previous = Event(
                track,
                onset,
                offset,
                int(segment.velocity[i]),
                bool(has_onset[i]),
                bool(has_offset[i]),
                _at(segment.confidence, i),
                _at(segment.onset_confidence, i),
                tuple(other_offsets.get(i, ())),
            )
            yield previous

    def _other_offsets(self, segment: DecodedSegment) -> dict[int, list[OtherOffset]]:
        """The other offsets of each event of a segment that has any."""
        found: dict[int, list[OtherOffset]] = {}
        if segment.other_ends is not None:
            others = segment.other_ends
            offsets_s = self._plan.frame_s(self._index, others.position).tolist()
            for row, offset_s, probability in zip(
                others.row.tolist(), offsets_s, others.probability.tolist(), strict=True
            ):
                if offset_s > 0:  # before, there is only the padding of the first segment
                    found.setdefault(row, []).append(OtherOffset(offset_s, probability))
        return found

    def _has_offset(self, segment: DecodedSegment) -> NDArray[np.bool_]:
        return (segment.end < self._plan.last_frame) | segment.offset_present


def _join(kept: list[Event], event: Event, *, is_next: bool) -> bool:
    """Join an event to those of its track; whether it is among them now, by itself or as part of the last.

    What overlaps the last event is that event heard again, unless the same segment has heard both (`is_next`).
    """
    if kept and event.onset_s < kept[-1].offset_s:
        if not event.has_onset:
            kept[-1] = _prolonged(kept[-1], event)
        elif is_next:
            kept.append(event)
        else:
            kept[-1] = event
        return True
    if event.has_onset:
        if kept and not kept[-1].has_offset:
            del kept[-1]  # its offset never came
        kept.append(event)
    return event.has_onset


def _prolonged(kept: Event, rest: Event) -> Event:
    """An event with the rest of it that a later segment has heard; see `Event` on its confidence."""
    if rest.offset_s <= kept.offset_s:
        return replace(kept, has_offset=rest.has_offset)
    both, others = None, kept.other_offsets
    if kept.confidence is not None and rest.confidence is not None:
        both = kept.confidence * rest.confidence
        others += tuple(replace(x, probability=x.probability * kept.confidence) for x in rest.other_offsets)
    return replace(
        kept,
        offset_s=rest.offset_s,
        has_offset=rest.has_offset,
        confidence=both,
        other_offsets=best_on_each_side(others, rest.offset_s),
    )


def best_on_each_side(others: Sequence[OtherOffset], offset_s: float) -> tuple[OtherOffset, ...]:
    """The most probable other offset before an offset, if there is any, and the one after it."""
    sides = ([x for x in others if x.offset_s < offset_s], [x for x in others if x.offset_s > offset_s])
    return tuple(max(side, key=lambda x: x.probability) for side in sides if side)


def with_times(event: Event, onset_s: float, offset_s: float, latest_s: float) -> Event:
    """An event with other times, and the other offsets that still differ from its own, none after `latest_s`."""
    others = (replace(x, offset_s=min(x.offset_s, latest_s)) for x in event.other_offsets)
    left = tuple(x for x in others if x.offset_s > onset_s and abs(x.offset_s - offset_s) > _ALIKE_S)
    return replace(event, onset_s=onset_s, offset_s=offset_s, other_offsets=left)


def _at(probabilities: NDArray[np.float32] | None, i: int) -> float | None:
    return None if probabilities is None else float(probabilities[i])


def _n_open(kept: list[Event], final_s: float) -> int:
    """How many events at the end of a track may still change: those that go on after a time, and whom they cut."""
    n_over = next((i for i, one in enumerate(kept) if one.offset_s > final_s or not one.has_offset), len(kept))
    while n_over and any(later.onset_s < kept[n_over - 1].offset_s for later in kept[n_over:]):
        n_over -= 1
    return min(len(kept) - n_over, _MOST_OPEN)


def _take_final(kept: list[Event], keep: int) -> list[Event]:
    """Remove and return what lies before the last `keep` events: not before 0 s, without overlap."""
    n_final = max(len(kept) - keep, 0)
    final = []
    for i in range(n_final):
        onset_s = max(kept[i].onset_s, 0.0)
        latest_s = min((later.onset_s for later in kept[i + 1 :]), default=np.inf)
        offset_s = min(kept[i].offset_s, latest_s)
        if offset_s > onset_s:
            final.append(with_times(kept[i], onset_s, offset_s, latest_s))
    del kept[:n_final]
    return final
