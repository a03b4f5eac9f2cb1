"""Precision, recall and F1 of one kind of event, of one piece or of many."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class FScore:
    """How much there is in the reference and in the estimate, and how much of both is matched.

    The amounts are numbers of events or of frames, or seconds. A score is defined where the reference holds
    anything; what an estimate then lacks counts as 0, as in mir_eval. `overlap_ratio` is the mean over the
    matched events, None where there are none, or where it has no meaning (frames).
    """

    matched: float
    reference: float
    estimate: float
    overlap_ratio: float | None = None

    @property
    def is_defined(self) -> bool:
        """Whether the reference holds anything to be found."""
        return self.reference > 0

    @property
    def precision(self) -> float:
        """The part of the estimate that is right; 0 if it is empty."""
        return self.matched / self.estimate if self.estimate else 0.0

    @property
    def recall(self) -> float:
        """The part of the reference that was found."""
        return self.matched / self.reference if self.reference else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 if both are."""
        return 2 * self.matched / (self.reference + self.estimate) if self.matched else 0.0

    @classmethod
    def pooled(cls, scores: Iterable["FScore"]) -> Self:
        """The score of all pieces thrown together, where a long piece counts for more than a short one."""
        scores = list(scores)
        found = [(one.overlap_ratio, one.matched) for one in scores if one.overlap_ratio is not None]
        weight = sum(matched for _, matched in found)
        return cls(
            sum(one.matched for one in scores),
            sum(one.reference for one in scores),
            sum(one.estimate for one in scores),
            sum(ratio * matched for ratio, matched in found) / weight if weight else None,
        )


UNDEFINED = FScore(0, 0, 0)
"""The score of what the reference does not state."""
