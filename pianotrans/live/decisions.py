"""From what windows hear to notes that are given out once: a pure function of the windows, whenever they end.

Times inside are frames of the whole, as fractions. Tracks are only numbers here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import inf

from pianotrans.events import Note, Pedal
from pianotrans.inference.stitching import Event
from pianotrans.inference.transcriber import note_or_pedal
from pianotrans.live.plan import LivePlan
from pianotrans.live.windows import HeardWindow

_SAME_FRAMES = 5  # onsets of a track that two windows hear closer together are the same one
_EDGE_FRAMES = 4  # what begins so close behind the beginning of a window may have begun before it
_SHORTEST_FRAMES = 0.5


@dataclass(frozen=True)
class Begun:
    """A key or pedal goes down. `number` is a key's, or minus the controller of a pedal."""

    number: int
    onset_s: float
    velocity: int
    confidence: float  # that something begins there


@dataclass(frozen=True)
class Ended:
    """A key or pedal goes up; `played` is all of it."""

    number: int
    played: Note | Pedal


LiveEvent = Begun | Ended


class Decider:
    """Takes windows in order and gives out what has become certain. What was given out does not change.

    An onset is given out once it is certain by `LivePlan.onsets`. Its note ends where the windows say, once
    enough lies behind that; where the next note of its key begins; or where it was last heard, once a window no
    longer has it. Memory: O(tracks).
    """

    def __init__(self, plan: LivePlan, track_numbers: Sequence[int]):
        self._plan, self._numbers = plan, track_numbers
        self._tracks = [_Track(track) for track in range(len(track_numbers))]
        self._last_end_frame = 0
        self._last: HeardWindow | None = None

    def push(self, window: HeardWindow) -> list[LiveEvent]:
        """Hear the next window."""
        given = self._decide(window, is_over=False)
        self._last_end_frame, self._last = window.end_frame, window
        return given

    def finish(self) -> list[LiveEvent]:
        """The rest: nothing follows, so all that the last window holds is certain, and what sounds ends."""
        given = [] if self._last is None else self._decide(self._last, is_over=True)
        for track in self._tracks:
            given += self._ended(track, self._last_end_frame)
        self._last = None
        return given

    def _decide(self, window: HeardWindow, *, is_over: bool) -> list[LiveEvent]:
        given: list[LiveEvent] = []
        heard = {track: [*some] for track, some in groupby(self._intervals(window), lambda one: one.track)}
        for track in self._tracks:
            if track.sounds or track.index in heard:
                given += self._decide_track(track, heard.get(track.index, []), window.end_frame, is_over=is_over)
        return given

    def _decide_track(
        self, track: "_Track", heard: "list[_Interval]", end_frame: int, *, is_over: bool
    ) -> Iterator[LiveEvent]:
        same = track.recognise(heard)
        if track.sounds and same is not None:
            track.end = max(same.end, track.onset + _SHORTEST_FRAMES)
            if track.end <= end_frame - self._plan.end_frames:
                yield from self._ended(track, track.end)
        for one in heard:
            is_new = one is not same and one.has_onset and one.onset > track.onset + 1
            if is_new and self._is_certain(one, end_frame, is_over=is_over):
                yield from self._ended(track, one.onset)
                yield self._begun(track, one)
                same = one
                if one.end <= end_frame - self._plan.end_frames:
                    yield from self._ended(track, one.end)
        if track.sounds and same is None and end_frame - track.onset > self._plan.onsets[-1].frames:
            yield from self._ended(track, end_frame - self._plan.end_frames)  # the windows have changed their mind

    def _is_certain(self, one: "_Interval", end_frame: int, *, is_over: bool) -> bool:
        """Whether an onset is to be given out now, unless it could have been earlier."""
        if one.onset < self._last_end_frame - self._plan.latest_frames:
            return False
        if is_over:
            return one.confidence >= self._plan.onsets[-1].probability
        behind = end_frame - one.onset
        return any(behind >= limit.frames and one.confidence >= limit.probability for limit in self._plan.onsets)

    def _begun(self, track: "_Track", one: "_Interval") -> Begun:
        track.begin(one)
        onset_s = max(one.onset, 0.0) * self._plan.frame_s
        return Begun(self._numbers[track.index], onset_s, max(one.velocity, 1), one.confidence)

    def _ended(self, track: "_Track", latest: float) -> Iterator[Ended]:
        """The end of what a track plays, if anything: where it was last heard to end, or at the latest frame."""
        if track.sounds:
            first, last = max(track.onset, 0.0), min(track.end, latest)
            last = max(last, first + _SHORTEST_FRAMES)
            frame_s = self._plan.frame_s
            event = Event(
                track.index,
                first * frame_s,
                last * frame_s,
                track.velocity,
                onset_confidence=track.confidence,
            )
            track.sounds = False
            yield Ended(self._numbers[track.index], note_or_pedal(event, self._numbers))

    def _intervals(self, window: HeardWindow) -> "Iterator[_Interval]":
        """The intervals of a window by track and time."""
        segment, plan = window.segment, self._plan
        start = plan.first_frame(window.end_frame)
        assert segment.onset_confidence is not None
        for i, track in enumerate(segment.track.tolist()):
            begin, end = int(segment.begin[i]), int(segment.end[i])
            if start + begin >= window.end_frame:
                continue  # in the zeros behind the sound
            yield _Interval(
                track=track,
                onset=start + begin + float(segment.onset_position[i]),
                end=start + end + float(segment.offset_position[i]),
                velocity=int(segment.velocity[i]),
                confidence=min(float(segment.onset_confidence[i]), 1.0),
                has_onset=start == 0 or begin > _EDGE_FRAMES,
            )


@dataclass(frozen=True)
class _Interval:
    track: int
    onset: float
    end: float
    velocity: int
    confidence: float
    has_onset: bool  # false: it may have begun before the window


@dataclass
class _Track:
    """What one key or pedal does: the last of its notes that was given out."""

    index: int
    sounds: bool = False
    onset: float = -inf
    end: float = -inf
    velocity: int = field(default=0)
    confidence: float = 0.0

    def begin(self, one: _Interval) -> None:
        self.sounds = True
        self.onset, self.end, self.velocity, self.confidence = one.onset, one.end, one.velocity, one.confidence

    def recognise(self, heard: list[_Interval]) -> _Interval | None:
        """The interval of a window that is the last note, if the window has it."""
        near = [one for one in heard if one.has_onset and abs(one.onset - self.onset) <= _SAME_FRAMES]
        if near:
            return min(near, key=lambda one: abs(one.onset - self.onset))
        return next((one for one in heard if not one.has_onset and one.end > self.onset), None)


def decide(windows: Iterable[HeardWindow], plan: LivePlan, track_numbers: Sequence[int]) -> Iterator[LiveEvent]:
    """All that is given out for some windows, in order."""
    decider = Decider(plan, track_numbers)
    for window in windows:
        yield from decider.push(window)
    yield from decider.finish()
