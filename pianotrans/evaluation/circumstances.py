"""Which notes are found, and which found notes are right, by the circumstances in which they are played."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats

CHORD_S = 0.03
"""Notes that begin within this time are played together."""

_GAPS_S = (0.05, 0.08, 0.12, 0.2, 0.5, np.inf)
_GAP_NAMES = (
    "below 50 ms",
    "50 to 80 ms",
    "80 to 120 ms",
    "120 to 200 ms",
    "200 to 500 ms",
    "longer",
    "first stroke",
)


@dataclass(frozen=True, slots=True)
class Circumstance:
    """Something that a note has a number for; `bands[i]` is from `edges[i - 1]` up to below `edges[i]`."""

    name: str
    edges: tuple[float, ...]
    bands: tuple[str, ...]


CIRCUMSTANCES = (
    Circumstance("since the key's last stroke", _GAPS_S, _GAP_NAMES),
    Circumstance("since the key's release", _GAPS_S, _GAP_NAMES),
    Circumstance("keys held together", (2, 3, 4, 6, 9), ("1", "2", "3", "4 to 5", "6 to 8", "9 and more")),
    Circumstance(
        "register",
        (36, 48, 60, 72, 84, 96),
        ("below C2", "C2 to B2", "C3 to B3", "C4 to B4", "C5 to B5", "C6 to B6", "C7 and above"),
    ),
    Circumstance(
        "velocity", (16, 32, 48, 64, 80, 96), ("1-15", "16-31", "32-47", "48-63", "64-79", "80-95", "96-127")
    ),
    Circumstance("sustain pedal", (1,), ("up", "down")),
    Circumstance(
        "length",
        (0.05, 0.1, 0.2, 0.5, 1, 2),
        ("below 50 ms", "50 to 100 ms", "100 to 200 ms", "200 to 500 ms", "0.5 to 1 s", "1 to 2 s", "longer"),
    ),
)
"""In the order of the columns of `PlacedNotes.values`."""

_VELOCITY, _PEDAL = 4, 5  # columns that not every reference states


@dataclass(frozen=True, slots=True, eq=False)
class PlacedNotes:
    """The notes of one side of a piece with their circumstances, and which of them are matched.

    `values` has the shape (n, len(CIRCUMSTANCES)), NaN where something is not known. `is_matched`, of shape (n, 2),
    is by onset, and by onset and offset.
    """

    values: Floats
    is_matched: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        notes: EventTable,
        pedals: EventTable,
        by_onset: NDArray[np.intp],
        by_offset: NDArray[np.intp],
        *,
        knows_velocity: bool = True,
    ) -> Self:
        """Place the notes among each other and the sustain pedals; `by_onset` and `by_offset` are matched rows.

        The gap since a stroke is between two onsets of one key, that since a release from the earlier note's offset
        to the onset; both are infinite for the first note of a key. Keys are held together if they are down at any
        time from the onset to 30 ms after it, the note's own included. Unless `knows_velocity`, velocities and
        pedals are not known. O(n log n) for n notes.
        """
        values = np.column_stack(
            [
                _gaps_s(notes, notes.onsets_s),
                _gaps_s(notes, notes.offsets_s),
                _n_together(notes),
                notes.keys,
                notes.velocities,
                _is_down(pedals, notes.onsets_s),
                notes.offsets_s - notes.onsets_s,
            ]
        ).astype(np.float64)
        if not knows_velocity:
            values[:, (_VELOCITY, _PEDAL)] = np.nan
        is_matched = np.zeros((len(notes), 2), np.bool_)
        is_matched[by_onset, 0] = True
        is_matched[by_offset, 1] = True
        return cls(values, is_matched)


@dataclass(frozen=True, slots=True)
class MatchedShare:
    """How many notes there are, and how many are matched: by onset, and by onset and offset."""

    n_notes: int
    n_onset: int
    n_offset: int

    @property
    def onset(self) -> float | None:
        """The part that is matched by onset; None where there are no notes."""
        return self.n_onset / self.n_notes if self.n_notes else None

    @property
    def offset(self) -> float | None:
        """The part that is matched by onset and offset; None where there are no notes."""
        return self.n_offset / self.n_notes if self.n_notes else None

    @classmethod
    def pooled(cls, shares: Iterable["MatchedShare"]) -> Self:
        """The notes of several pieces together."""
        return cls(*(sum(column) for column in zip(*map(astuple, shares), strict=True)))


@dataclass(frozen=True, slots=True)
class CircumstanceBand:
    """The notes in one circumstance: what is matched of the reference's is recall, of the estimate's precision.

    Each side's notes are placed by what that side says. A note may well be in different bands on the two sides, so
    there is no F1.
    """

    circumstance: str
    band: str
    reference: MatchedShare
    estimate: MatchedShare

    def to_dict(self) -> dict[str, str | int | float | None]:
        """The band as plain data, with recall and precision."""
        return {
            "circumstance": self.circumstance,
            "band": self.band,
            "n_reference": self.reference.n_notes,
            "recall": self.reference.onset,
            "recall_with_offset": self.reference.offset,
            "n_estimate": self.estimate.n_notes,
            "precision": self.estimate.onset,
            "precision_with_offset": self.estimate.offset,
        }


def circumstance_bands(reference: PlacedNotes, estimate: PlacedNotes) -> tuple[CircumstanceBand, ...]:
    """Every band of every circumstance for one piece, also those without notes."""
    return tuple(
        CircumstanceBand(one.name, band, *(_share(side, column, one.edges, i) for side in (reference, estimate)))
        for column, one in enumerate(CIRCUMSTANCES)
        for i, band in enumerate(one.bands)
    )


def pooled_bands(pieces: Sequence[tuple[CircumstanceBand, ...]]) -> tuple[CircumstanceBand, ...]:
    """The notes of all pieces together; () for no pieces."""
    return tuple(
        replace(
            same[0],
            reference=MatchedShare.pooled(one.reference for one in same),
            estimate=MatchedShare.pooled(one.estimate for one in same),
        )
        for same in zip(*pieces, strict=True)
    )


def _share(notes: PlacedNotes, column: int, edges: tuple[float, ...], band: int) -> MatchedShare:
    values = notes.values[:, column]
    known = np.flatnonzero(~np.isnan(values))
    chosen = notes.is_matched[known[np.digitize(values[known], edges) == band]]
    n_onset, n_offset = chosen.sum(axis=0).tolist()
    return MatchedShare(len(chosen), n_onset, n_offset)


def _gaps_s(notes: EventTable, since_s: Floats) -> Floats:
    """From one of the times of the key's note before to the onset; infinite for the first of a key."""
    gaps_s = np.full(len(notes), np.inf)
    again = np.flatnonzero(np.diff(notes.keys) == 0) + 1
    gaps_s[again] = np.maximum(notes.onsets_s[again] - since_s[again - 1], 0.0)
    return gaps_s


def _n_together(notes: EventTable) -> NDArray[np.intp]:
    begun = np.searchsorted(np.sort(notes.onsets_s), notes.onsets_s + CHORD_S, "right")
    return begun - np.searchsorted(np.sort(notes.offsets_s), notes.onsets_s, "right")


def _is_down(pedals: EventTable, times_s: Floats) -> NDArray[np.bool_]:
    """Whether a pedal is down at each time."""
    n_down = np.searchsorted(np.sort(pedals.onsets_s), times_s, "right")
    n_up = np.searchsorted(np.sort(pedals.offsets_s), times_s, "right")
    return np.asarray(n_down > n_up)
