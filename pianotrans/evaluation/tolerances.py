"""F1 by tolerance: how much of a score is owed to the tolerance that the literature has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.tables import EventTable, Floats, Pairs

ONSET_TOLERANCES_S = tuple(step / 100 for step in range(1, 11))
OFFSET_TOLERANCES_S = tuple(step / 50 for step in range(1, 11))

_DECIMALS = 4  # mir_eval rounds distances before it compares them
_KEY_S = 1e6  # as if the notes of each key were played that long after those of the key below


@dataclass(frozen=True, slots=True, eq=False)
class ToleranceSweep:
    """How many notes of a piece match at each tolerance.

    `n_onset` has one number for each of `ONSET_TOLERANCES_S`, `n_offset` for each of `OFFSET_TOLERANCES_S`.
    """

    n_reference: int
    n_estimate: int
    n_onset: NDArray[np.int64]
    n_offset: NDArray[np.int64]

    @classmethod
    def of(cls, reference: EventTable, estimate: EventTable, *, onset_tolerance_s: float) -> Self:
        """Match by onset at every tolerance, then by onset, at `onset_tolerance_s`, and offset at every tolerance.

        An offset's tolerance does not grow with the note here. The numbers are those of
        `mir_eval.transcription.match_notes`, but of the matchings only the sizes are computed. O(n log n) for n
        notes that do not all crowd on one key and moment.
        """
        reach_s = max(onset_tolerance_s, *ONSET_TOLERANCES_S)
        pairs = _near_pairs(reference, estimate, reach_s)
        ref, est = reference.rows(pairs[:, 0]), estimate.rows(pairs[:, 1])
        onset_off_s = np.round(np.abs(ref.onsets_s - est.onsets_s), _DECIMALS)
        offset_off_s = np.round(np.abs(ref.offsets_s - est.offsets_s), _DECIMALS)
        by_offset = onset_off_s <= onset_tolerance_s
        shape = len(reference), len(estimate)
        return cls(
            *shape,
            np.array([_n_matched(pairs[onset_off_s <= one], shape) for one in ONSET_TOLERANCES_S]),
            np.array([_n_matched(pairs[by_offset & (offset_off_s <= one)], shape) for one in OFFSET_TOLERANCES_S]),
        )

    @property
    def onset_f1(self) -> Floats:
        """F1 at each of `ONSET_TOLERANCES_S`; 0 without notes."""
        return 2 * self.n_onset / max(self.n_reference + self.n_estimate, 1)

    @property
    def offset_f1(self) -> Floats:
        """F1 at each of `OFFSET_TOLERANCES_S`; 0 without notes."""
        return 2 * self.n_offset / max(self.n_reference + self.n_estimate, 1)


def mean_sweep(pieces: Sequence[ToleranceSweep]) -> tuple[Floats, Floats] | None:
    """The mean onset and offset F1 of the pieces whose references have notes; None if there are none."""
    scored = [one for one in pieces if one.n_reference]
    if not scored:
        return None
    return np.mean([one.onset_f1 for one in scored], axis=0), np.mean([one.offset_f1 for one in scored], axis=0)


def _near_pairs(reference: EventTable, estimate: EventTable, reach_s: float) -> Pairs:
    """Every pair of notes of the same key whose onsets are at most `reach_s` apart, or a little more."""
    places = [table.keys * _KEY_S + table.onsets_s for table in (reference, estimate)]
    order = np.argsort(places[1], kind="stable")
    first, after = (
        np.searchsorted(places[1][order], places[0] + by_s) for by_s in (-reach_s - 1e-3, reach_s + 1e-3)
    )
    counts = after - first
    ref_rows = np.repeat(np.arange(len(reference)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.stack([ref_rows, order[np.repeat(first, counts) + within]], axis=-1)


def _n_matched(pairs: Pairs, shape: tuple[int, int]) -> int:
    """The size of a largest set of pairs that share no note."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    if not len(pairs):
        return 0
    graph = csr_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=shape)
    return int((maximum_bipartite_matching(graph) >= 0).sum())
