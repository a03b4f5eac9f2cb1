"""A performance beside a reference."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pianotrans.events import Note, Performance


@dataclass(frozen=True, slots=True)
class Comparison:
    """The notes of a reference and of an estimate, sorted by whether they were matched.

    `matched` and `extra` are the estimate's notes, `missed` the reference's.
    """

    matched: tuple[Note, ...]
    missed: tuple[Note, ...]
    extra: tuple[Note, ...]

    @classmethod
    def of(cls, reference: Performance, estimate: Performance, pairs: Iterable[tuple[int, int]]) -> Self:
        """Sort the notes by the matched pairs: positions in the reference's notes and in the estimate's."""
        both = list(pairs)
        of_reference, of_estimate = {first for first, _ in both}, {second for _, second in both}
        return cls(
            matched=tuple(note for i, note in enumerate(estimate.notes) if i in of_estimate),
            missed=tuple(note for i, note in enumerate(reference.notes) if i not in of_reference),
            extra=tuple(note for i, note in enumerate(estimate.notes) if i not in of_estimate),
        )
