"""The constant offset between two performances, such as a recording that starts late."""

import numpy as np

from pianotrans.evaluation.matching import match_events
from pianotrans.evaluation.tables import EventTable, Floats

_BIN_S = 0.01
_SMOOTHING = 5  # bins: onsets agree to within some 50 ms
_NEAR_S = 0.1  # how far off a note may be and still take part in the refinement


def constant_offset_s(reference: EventTable, estimate: EventTable, *, window_s: float) -> float:
    """How much later the estimate is than the reference: positive if it is late, 0.0 if unknown.

    Every pair of onsets of one key votes for its difference, within ±`window_s`; the difference with the most
    votes (the one nearest to 0 among equals) is then refined twice to the median deviation of the notes that
    match it within 100 ms. Wrong and missing notes are harmless as long as the true offset has the most votes.
    """
    differences = _differences(reference, estimate, window_s)
    if not len(differences):
        return 0.0
    offset_s = _most_voted(differences, window_s)
    for _ in range(2):
        pairs = match_events(reference, estimate.shifted(-offset_s), onset_tolerance_s=_NEAR_S)
        if not len(pairs):
            break
        offset_s = float(np.median(estimate.onsets_s[pairs[:, 1]] - reference.onsets_s[pairs[:, 0]]))
    return offset_s


def _differences(reference: EventTable, estimate: EventTable, window_s: float) -> Floats:
    """Estimated minus reference onset for every pair of one key that is at most `window_s` apart."""
    found = [np.empty(0)]
    for key in np.intersect1d(reference.keys, estimate.keys):
        ref_s = reference.onsets_s[reference.keys == key]
        est_s = estimate.onsets_s[estimate.keys == key]
        first = np.searchsorted(est_s, ref_s - window_s, "left")
        after = np.searchsorted(est_s, ref_s + window_s, "right")
        found += [est_s[a:b] - onset_s for a, b, onset_s in zip(first, after, ref_s, strict=True)]
    return np.concatenate(found)


def _most_voted(differences: Floats, window_s: float) -> float:
    reach = int(np.ceil(window_s / _BIN_S))
    bins = np.rint(differences / _BIN_S).astype(int) + reach
    votes = np.convolve(np.bincount(bins, minlength=2 * reach + 1), np.ones(_SMOOTHING), "same")
    winners = np.flatnonzero(votes == votes.max()) - reach
    return float(winners[np.argmin(np.abs(winners))] * _BIN_S)
