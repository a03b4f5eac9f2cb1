"""The sustain pedal as a curve: how long it is down, how far the estimate is off, which strokes are found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from pianotrans.evaluation.scores import FScore
from pianotrans.events import PEDAL_FLOOR, PedalCurve

DOWN = 64
"""The controller value from which a pedal counts as down."""

HALF = (13, 115)
"""Between these values, about 10 % and 90 % of its way, a pedal is neither up nor down."""


@dataclass(frozen=True, slots=True)
class Pedalling:
    """Both curves over the same `duration_s` seconds, as amounts that add up over pieces.

    `error_s` is the area between the curves, whose height is 1 for a pedal all the way down; strokes are matched by
    onset.
    """

    duration_s: float
    reference_down_s: float
    estimate_down_s: float
    reference_half_s: float
    error_s: float
    n_reference: int
    n_estimate: int
    n_matched: int

    @classmethod
    def of(
        cls, reference: PedalCurve, estimate: PedalCurve, span_s: tuple[float, float], strokes: FScore
    ) -> Self | None:
        """Compare two curves from the first to the second time of `span_s`; None where the reference has no pedal.

        `strokes` is the score of the pedal's onsets. Exact, without a grid: both curves are steps. O(n log n) for n
        moves.
        """
        start_s, end_s = span_s
        if end_s <= start_s:
            return None
        inner = np.concatenate([reference.times_s, estimate.times_s])
        inner = inner[(inner > start_s) & (inner < end_s)]
        edges_s = np.concatenate([[start_s], np.unique(inner), [end_s]])
        lengths_s = np.diff(edges_s)
        ref, est = (one.values_at(edges_s[:-1]) for one in (reference, estimate))
        if not ref.any():
            return None
        return cls(
            duration_s=end_s - start_s,
            reference_down_s=float(lengths_s[ref >= DOWN].sum()),
            estimate_down_s=float(lengths_s[est >= DOWN].sum()),
            reference_half_s=float(lengths_s[(ref >= HALF[0]) & (ref < HALF[1])].sum()),
            error_s=float(np.abs(ref - est) @ lengths_s) / PEDAL_FLOOR,
            n_reference=int(strokes.reference),
            n_estimate=int(strokes.estimate),
            n_matched=int(strokes.matched),
        )

    @classmethod
    def pooled(cls, pieces: Sequence["Pedalling"]) -> Self:
        """All pieces together, where a long one counts for more than a short one."""
        return cls(*(sum(getattr(one, item.name) for one in pieces) for item in fields(cls)))

    def shares(self) -> dict[str, float]:
        """Parts of the time: down on either side, half down in the reference, and the mean absolute error."""
        amounts_s = {
            "reference_down": self.reference_down_s,
            "estimate_down": self.estimate_down_s,
            "reference_half": self.reference_half_s,
            "mean_absolute_error": self.error_s,
        }
        return {name: amount_s / self.duration_s for name, amount_s in amounts_s.items()}

    @property
    def strokes(self) -> FScore:
        """The score of the strokes by onset."""
        return FScore(self.n_matched, self.n_reference, self.n_estimate)
