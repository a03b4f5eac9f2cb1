"""From the model's seconds to those of the recording, where a part was heard, or at another speed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from pianotrans.inference.stitching import Event, with_times


@dataclass(frozen=True)
class Times:
    """What a second of the model is in the recording: `origin_s + rate * second`."""

    rate: float = 1.0  # seconds of the recording for one of the model
    origin_s: float = 0.0  # where the model's 0 s lies in the recording

    @classmethod
    def of(cls, cents: float, origin_s: float = 0.0) -> Self:
        """The times of a recording played more slowly to make it `cents` lower, from `origin_s` on."""
        return cls(2 ** (-cents / 1200), origin_s)

    def recording_s(self, heard_s: float) -> float:
        """The time in the recording of a second of the model."""
        return self.origin_s + self.rate * heard_s

    def of_recording(self, events: Iterable[Event], duration_s: float, tolerance_s: float) -> Iterator[Event]:
        """Events with their times in the recording, of which the model hears `duration_s` seconds.

        An event that would go on for longer than `tolerance_s` after the end, both in seconds, ends there. None
        begins after the end.
        """
        end_s = self.origin_s + duration_s
        for event in events:
            onset_s, offset_s = self.recording_s(event.onset_s), self.recording_s(event.offset_s)
            if offset_s > end_s + tolerance_s:
                offset_s = end_s
            if onset_s < offset_s:
                others = (replace(x, offset_s=self.recording_s(x.offset_s)) for x in event.other_offsets)
                yield with_times(replace(event, other_offsets=tuple(others)), onset_s, offset_s, end_s)
