"""How much of the time that keys or pedals are down is found: exactly, and on the frame grid of older papers."""

from collections import defaultdict

import numpy as np

from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.tables import EventTable, Floats

_Spans = dict[int, list[tuple[float, float]]]


def activation_score(reference: EventTable, estimate: EventTable) -> FScore:
    """Precision and recall of the time that keys are active, in seconds, without a grid.

    A key is active in the union of its events, so that doubled notes count once. O(n log n).
    """
    return _score(_unions(reference, reference.spans_s), _unions(estimate, estimate.spans_s))


def frame_score(reference: EventTable, estimate: EventTable, *, hop_s: float) -> FScore:
    """The same over (key, frame) pairs, frame k being active if onset ≤ k · hop < offset.

    As `mir_eval.multipitch` counts them on a grid of `hop_s`; events between two points of the grid vanish.
    """
    return _score(_unions(reference, _on_grid(reference, hop_s)), _unions(estimate, _on_grid(estimate, hop_s)))


def _on_grid(table: EventTable, hop_s: float) -> Floats:
    """The first frame of each event and the frame after its last one, shape (n, 2)."""
    return np.ceil(np.round(table.spans_s / hop_s, 6))  # 0.29 / 0.01 is frame 29, not 28.999999999999996


def _score(reference: _Spans, estimate: _Spans) -> FScore:
    return FScore(
        matched=sum(_shared(spans, estimate[key]) for key, spans in reference.items() if key in estimate),
        reference=_length(reference),
        estimate=_length(estimate),
    )


def _unions(table: EventTable, spans: Floats) -> _Spans:
    """For each key the union of its (begin, end), disjoint and in order; spans without length vanish."""
    unions: _Spans = defaultdict(list)
    order = np.lexsort((spans[:, 0], table.keys))
    for key, (begin, end) in zip(table.keys[order].tolist(), spans[order].tolist(), strict=True):
        if begin >= end:
            continue
        union = unions[key]
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((begin, end))
    return dict(unions)


def _length(unions: _Spans) -> float:
    return sum(end - begin for union in unions.values() for begin, end in union)


def _shared(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> float:
    """The length of the intersection of two unions."""
    total, i, j = 0.0, 0, 0
    while i < len(a) and j < len(b):
        total += max(0.0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return total
