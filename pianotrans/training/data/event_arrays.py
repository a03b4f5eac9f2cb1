"""The true events of a recording as arrays: quick to load, and quick to ask for those of a few seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Note, Pedal, Performance
from pianotrans.piano import PEDAL_KINDS


@dataclass(frozen=True, eq=False)
class EventArrays:
    """Notes and pedals in order of onset; all arrays (n,). Those of one key, or one pedal, do not overlap.

    `number` is the MIDI number of the key, or minus the controller of a pedal; a pedal's velocity is 0.
    """

    onset_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    number: NDArray[np.int8]
    velocity: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of events."""
        return len(self.onset_s)

    @classmethod
    def of(cls, performance: Performance) -> Self:
        """The events of a performance, one that overlaps the next of its key or pedal cut where that begins."""
        by_number: dict[int, list[Note | Pedal]] = {}
        for note in performance.notes:
            by_number.setdefault(note.key, []).append(note)
        for pedal in performance.pedals:
            by_number.setdefault(-pedal.controller, []).append(pedal)
        rows = [
            (event.onset_s, offset_s, number, event.velocity if isinstance(event, Note) else 0)
            for number, events in by_number.items()
            for event, offset_s in _apart(events)
        ]
        columns = zip(*sorted(rows), strict=True) if rows else ((), (), (), ())
        kinds = (np.float64, np.float64, np.int8, np.uint8)
        return cls(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All parts, one behind the other; for storage, as times of several recordings do not compare."""
        some = [cls.of(Performance()), *parts]
        return cls(**{f.name: np.concatenate([getattr(one, f.name) for one in some]) for f in fields(cls)})

    def part(self, begin: int, end: int) -> Self:
        """The events from number `begin` up to `end`, without copying them."""
        return type(self)(**{f.name: getattr(self, f.name)[begin:end] for f in fields(self)})

    def performance(self, begin_s: float = 0.0, end_s: float = np.inf, *, speed: float = 1.0) -> Performance:
        """What sounds, or is held, between two moments, at its full length.

        Played `speed` times as fast: the moment t of the recording becomes t / speed.
        """
        heard = np.flatnonzero((self.onset_s < end_s) & (self.offset_s > begin_s))
        notes, pedals = [], []
        for i in heard:
            onset_s, offset_s, number = self.onset_s[i] / speed, self.offset_s[i] / speed, int(self.number[i])
            if number < 0:
                pedals.append(Pedal(onset_s, offset_s, PEDAL_KINDS[-number]))
            else:
                notes.append(Note(onset_s, offset_s, number, int(self.velocity[i])))
        ends_s = self.offset_s[heard] / speed
        return Performance(tuple(notes), tuple(pedals), float(ends_s.max(initial=0.0)))


def _apart(events: list[Note | Pedal]) -> Iterator[tuple[Note | Pedal, float]]:
    """Each event of one key or pedal, given in order, with its end; of two that begin together the last."""
    for event, following in pairwise(events):
        offset_s = min(event.offset_s, following.onset_s)
        if event.onset_s < offset_s:
            yield event, offset_s
    yield events[-1], events[-1].offset_s
