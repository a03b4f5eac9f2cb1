"""Notes that do not match: missed, extra, an octave off, split, merged."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.tables import EventTable, Pairs

_OCTAVE = 12


class MistakeKind(StrEnum):
    """A note of the reference is missed or merged, one of the estimate extra or split, either octave.

    octave: a note of each side, at the same time and one octave apart, and both otherwise unmatched.
    split: an estimated note begins inside a reference note of its key that an earlier one matches already.
    merged: a reference note begins inside an estimated note of its key that matches an earlier one already.
    """

    MISSED = "missed"
    MERGED = "merged"
    EXTRA = "extra"
    SPLIT = "split"
    OCTAVE = "octave"


@dataclass(frozen=True, slots=True)
class NoteSpan:
    """Where a note is; the times of the estimate are those after alignment."""

    key: int
    onset_s: float
    offset_s: float
    velocity: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """One unmatched note, and the note of the other side that explains it, if any does."""

    kind: MistakeKind
    is_reference: bool
    note: NoteSpan
    other: NoteSpan | None = None


def find_mistakes(
    reference: EventTable, estimate: EventTable, pairs: Pairs, *, onset_tolerance_s: float
) -> tuple[Mistake, ...]:
    """One mistake for every note of either side that `pairs`, matched by onset, leaves out; in order of time."""
    missed = _left_out(len(reference), pairs[:, 0])
    extra = _left_out(len(estimate), pairs[:, 1])
    merged = _inside(reference, missed, estimate, pairs[:, 1], onset_tolerance_s)
    split = _inside(estimate, extra, reference, pairs[:, 0], onset_tolerance_s)
    missed, extra = np.setdiff1d(missed, list(merged)), np.setdiff1d(extra, list(split))
    octaves = _octaves(reference, missed, estimate, extra, onset_tolerance_s)
    missed, extra = np.setdiff1d(missed, octaves[:, 0]), np.setdiff1d(extra, octaves[:, 1])

    mistakes = [Mistake(MistakeKind.MISSED, True, _span(reference, i)) for i in missed]
    mistakes += [Mistake(MistakeKind.EXTRA, False, _span(estimate, j)) for j in extra]
    mistakes += [
        Mistake(MistakeKind.MERGED, True, _span(reference, i), _span(estimate, j)) for i, j in merged.items()
    ]
    mistakes += [
        Mistake(MistakeKind.SPLIT, False, _span(estimate, j), _span(reference, i)) for j, i in split.items()
    ]
    for i, j in octaves:
        ref, est = _span(reference, i), _span(estimate, j)
        mistakes += [Mistake(MistakeKind.OCTAVE, True, ref, est), Mistake(MistakeKind.OCTAVE, False, est, ref)]
    return tuple(sorted(mistakes, key=lambda one: (one.note.onset_s, one.note.key, not one.is_reference)))


def _left_out(n: int, matched: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.setdiff1d(np.arange(n), matched)


def _inside(
    table: EventTable, rows: NDArray[np.intp], hosts: EventTable, matched: NDArray[np.intp], tolerance_s: float
) -> dict[int, int]:
    """{row: host} for the rows that begin inside the matched host of their key that began last before them.

    The host must last beyond the tolerance: a note struck again just before its release is not inside.
    """
    found = {}
    is_matched = np.zeros(len(hosts), dtype=np.bool_)
    is_matched[matched] = True
    for row in rows.tolist():
        first, after = np.searchsorted(hosts.keys, [table.keys[row], table.keys[row] + 1])
        host = first + int(np.searchsorted(hosts.onsets_s[first:after], table.onsets_s[row])) - 1
        if host >= first and is_matched[host] and hosts.offsets_s[host] > table.onsets_s[row] + tolerance_s:
            found[row] = int(host)
    return found


def _octaves(
    reference: EventTable,
    missed: NDArray[np.intp],
    estimate: EventTable,
    extra: NDArray[np.intp],
    tolerance_s: float,
) -> Pairs:
    """Missed and extra notes, in pairs, that are one octave apart: first those heard too high, then too low."""
    found = [np.empty((0, 2), dtype=np.intp)]
    for interval in (_OCTAVE, -_OCTAVE):
        candidates = estimate.rows(extra)
        moved = replace(candidates, keys=candidates.keys - interval)
        pairs = match_events(reference.rows(missed), moved, onset_tolerance_s=tolerance_s)
        found.append(np.stack([missed[pairs[:, 0]], extra[pairs[:, 1]]], axis=-1))
        missed, extra = np.delete(missed, pairs[:, 0]), np.delete(extra, pairs[:, 1])
    return np.concatenate(found)


def _span(table: EventTable, row: int) -> NoteSpan:
    return NoteSpan(
        int(table.keys[row]),
        float(table.onsets_s[row]),
        float(table.offsets_s[row]),
        int(table.velocities[row]),
    )


def count_kinds(mistakes: tuple[Mistake, ...]) -> dict[str, int]:
    """How many there are of each kind; an octave error, which is two notes, counts once."""
    counts = dict.fromkeys((kind.value for kind in MistakeKind), 0)
    for one in mistakes:
        if one.kind is not MistakeKind.OCTAVE or one.is_reference:
            counts[one.kind.value] += 1
    return counts
