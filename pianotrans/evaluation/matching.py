"""Which estimated event stands for which reference event: mir_eval's maximum matching, made fast exactly.

mir_eval compares every reference note with every estimated one: 20 000 notes would need gigabytes. Notes of
different keys, or of one key but farther apart than the tolerance, can never be matched, so the graph of possible
matches falls into parts without edges between them. Each part is given to mir_eval on its own. Its algorithm
(Hopcroft and Karp's) never moves along edges that do not exist, so the matching is the same, note for note.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats, Pairs

_ROUNDING_S = 1e-4  # mir_eval rounds distances to four decimals before it compares them
_PART_SIZE = 200  # events: mir_eval's cost for each call and for each pair of notes are about equal here


def match_events(
    reference: EventTable,
    estimate: EventTable,
    *,
    onset_tolerance_s: float,
    offset_ratio: float | None = None,
    offset_tolerance_s: float = 0.05,
) -> Pairs:
    """A largest set of one-to-one pairs of the same key whose onsets, and offsets if asked for, agree.

    With `offset_ratio` None offsets do not matter; else they may deviate by that part of the reference's
    duration, or by `offset_tolerance_s` if that is more. Distances are rounded to 0.1 ms, and the tolerance
    itself counts as within. Identical to `mir_eval.transcription.match_notes` on the whole tables.
    """
    import mir_eval

    found = [np.empty((0, 2), dtype=np.intp)]
    for ref_rows, est_rows in _independent_parts(reference, estimate, onset_tolerance_s + _ROUNDING_S):
        ref, est = reference.rows(ref_rows), estimate.rows(est_rows)
        pairs = mir_eval.transcription.match_notes(
            ref.spans_s,
            mir_eval.util.midi_to_hz(ref.keys),
            est.spans_s,
            mir_eval.util.midi_to_hz(est.keys),
            onset_tolerance=onset_tolerance_s,
            offset_ratio=offset_ratio,
            offset_min_tolerance=offset_tolerance_s,
        )
        matched = np.array(pairs, dtype=np.intp).reshape(-1, 2)
        found.append(np.stack([ref_rows[matched[:, 0]], est_rows[matched[:, 1]]], axis=-1))
    joined = np.concatenate(found)
    return joined[np.argsort(joined[:, 0])]


def _independent_parts(
    reference: EventTable, estimate: EventTable, reach_s: float
) -> Iterator[tuple[Pairs, Pairs]]:
    """Rows of both tables, in ascending order, such that no match is possible between parts.

    The events of both sides are put in order of key and onset; a part may end where the key changes or where
    the next onset is more than `reach_s` away. Parts are made of about `_PART_SIZE` events where that goes.
    """
    n_reference = len(reference)
    keys = np.concatenate([reference.keys, estimate.keys])
    onsets_s = np.concatenate([reference.onsets_s, estimate.onsets_s])
    order = np.lexsort((onsets_s, keys))
    cuts = np.flatnonzero((np.diff(keys[order]) != 0) | (np.diff(onsets_s[order]) > reach_s)) + 1
    start = 0
    for cut in [*cuts, len(order)]:
        if cut - start >= _PART_SIZE or cut == len(order):
            rows = np.sort(order[start:cut])
            start = cut
            split = int(np.searchsorted(rows, n_reference))
            if 0 < split < len(rows):
                yield rows[:split], rows[split:] - n_reference


def velocities_agree(
    reference: EventTable, estimate: EventTable, pairs: Pairs, *, tolerance: float
) -> NDArray[np.bool_]:
    """Which of the matched pairs also agree in velocity, shape (n,).

    As `mir_eval.transcription_velocity` has it: the reference's velocities are brought to [0, 1], all of them;
    the line that fits them best to the estimate's over the matched pairs rescales the latter; what then
    deviates by less than `tolerance` agrees. A constant error of level or range therefore costs nothing.
    """
    if not len(pairs):
        return np.zeros(0, dtype=np.bool_)
    lowest, highest = reference.velocities.min(), reference.velocities.max()
    wanted = (reference.velocities[pairs[:, 0]] - lowest) / max(1.0, highest - lowest)
    given = np.stack([estimate.velocities[pairs[:, 1]], np.ones(len(pairs))], axis=-1)
    line = np.linalg.lstsq(given, wanted, rcond=None)[0]
    agree: NDArray[np.bool_] = np.abs(given @ line - wanted) < tolerance
    return agree


def overlap_ratios(reference: EventTable, estimate: EventTable, pairs: Pairs) -> Floats:
    """For each pair, the time that both events last over the time from the first onset to the last offset.

    Negative where the two do not overlap, as in mir_eval.
    """
    ref, est = reference.spans_s[pairs[:, 0]], estimate.spans_s[pairs[:, 1]]
    shared = np.minimum(ref[:, 1], est[:, 1]) - np.maximum(ref[:, 0], est[:, 0])
    spanned = np.maximum(ref[:, 1], est[:, 1]) - np.minimum(ref[:, 0], est[:, 0])
    return np.asarray(shared / spanned)
