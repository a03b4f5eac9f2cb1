"""How the estimate's velocities follow the reference's: a line and what it leaves, and the order they are in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from pianotrans.evaluation.deviations import MatchedNotes


@dataclass(frozen=True, slots=True)
class VelocityFit:
    """estimate = `slope` · reference + `intercept`, fitted by least squares to the notes whose onsets match.

    `residual` is the standard deviation around that line, in MIDI steps; `rank_correlation` is Spearman's, with
    mean ranks for ties. None where all velocities of the reference are the same, or, for the correlation, all of
    the estimate.
    """

    n_notes: int
    slope: float | None
    intercept: float | None
    residual: float | None
    rank_correlation: float | None

    @classmethod
    def of(cls, notes: MatchedNotes) -> Self | None:
        """The fit for the matched notes of a piece; None if their velocities are not known or there are none."""
        reference = notes.velocities[notes.is_matched]
        estimate = reference + notes.velocity_deviations
        if not len(reference) or np.isnan(reference).any():
            return None
        if np.ptp(reference) == 0:
            return cls(len(reference), None, None, None, None)
        from scipy.stats import linregress, spearmanr

        line = linregress(reference, estimate)
        residuals = estimate - line.slope * reference - line.intercept
        rank = float(spearmanr(reference, estimate).statistic) if np.ptp(estimate) else None
        return cls(len(reference), float(line.slope), float(line.intercept), float(residuals.std()), rank)


def mean_fit(pieces: Sequence[VelocityFit | None]) -> VelocityFit | None:
    """The mean of each figure over the pieces that define it: every recording has a loudness of its own."""
    fits = [one for one in pieces if one is not None]
    if not fits:
        return None
    means = {}
    for name in list(asdict(fits[0]))[1:]:
        known = [value for one in fits if (value := getattr(one, name)) is not None]
        means[name] = float(np.mean(known)) if known else None
    return VelocityFit(sum(one.n_notes for one in fits), **means)
