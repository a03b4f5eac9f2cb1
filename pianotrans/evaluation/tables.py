"""Notes and pedals as columns of numbers, which is what matching works on."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.events import Durations, Note, Pedal, Performance, extend_by_pedal

_SHORTEST_S = 1e-3
"""Shorter notes are taken to last this long, so that none vanishes."""

Floats = NDArray[np.float64]
Pairs = NDArray[np.intp]
"""Matched events, shape (n, 2): rows of the reference's table and of the estimate's, in the former's order."""


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """Notes, or the pedals of one kind: arrays of shape (n,), in order of key and onset.

    `keys` are MIDI numbers (a pedal has key 0), `velocities` MIDI velocities (a pedal has 0). `confidences`, of
    shape (n, 2), are those of the event and of its onset, NaN where unknown.
    """

    keys: NDArray[np.int64]
    onsets_s: Floats
    offsets_s: Floats
    velocities: Floats
    confidences: Floats

    @classmethod
    def of_notes(cls, performance: Performance, durations: Durations = Durations.keys) -> Self:
        """All notes of a performance, none shorter than a millisecond.

        Within a key the order of onset is a part of the definition of the scores: it decides which of several
        equally good matchings is taken, and so which velocities are compared.
        """
        if durations is Durations.sounding:
            performance = extend_by_pedal(performance)
        notes = sorted(performance.notes, key=lambda note: (note.key, note.onset_s))
        return cls._of(
            [
                (n.key, n.onset_s, max(n.offset_s, n.onset_s + _SHORTEST_S), n.velocity, *_confidences(n))
                for n in notes
            ]
        )

    @classmethod
    def of_pedals(cls, pedals: tuple[Pedal, ...]) -> Self:
        """The pedals of one kind."""
        return cls._of([(0, pedal.onset_s, pedal.offset_s, 0, *_confidences(pedal)) for pedal in pedals])

    @classmethod
    def _of(cls, rows: list[tuple[int, float, float, int, float, float]]) -> Self:
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        return cls(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3], table[:, 4:])

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def spans_s(self) -> Floats:
        """Onsets and offsets side by side, shape (n, 2)."""
        return np.stack([self.onsets_s, self.offsets_s], axis=-1)

    def shifted(self, by_s: float) -> Self:
        """The same events `by_s` seconds later; times may become negative."""
        return replace(self, onsets_s=self.onsets_s + by_s, offsets_s=self.offsets_s + by_s)

    def rows(self, which: NDArray[np.intp]) -> Self:
        """The events of the given rows, in the order given."""
        return replace(
            self,
            keys=self.keys[which],
            onsets_s=self.onsets_s[which],
            offsets_s=self.offsets_s[which],
            velocities=self.velocities[which],
            confidences=self.confidences[which],
        )


def _confidences(event: Note | Pedal) -> tuple[float, float]:
    known = (event.confidence, event.onset_confidence)
    event_p, onset_p = (np.nan if p is None else p for p in known)
    return event_p, onset_p
