"""How far the confidences of an estimate can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from pianotrans.evaluation.metrics import match_offsets, match_onsets
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import EventTable, Floats

Kind = Literal["notes", "sustain pedal"]
"""What is judged separately; soft pedals are too rare."""

KINDS: tuple[Kind, ...] = get_args(Kind)

N_BINS = 10
LEVELS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Least confidences that `thresholds` tries."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedEvents:
    """Notes, or pedals, of estimates with confidences, and which of them the references have.

    Two columns: the whole event (matched by onset and offset), and its onset alone.
    """

    confidences: Floats  # (n, 2)
    is_matched: NDArray[np.bool_]  # (n, 2)
    n_reference: int

    @classmethod
    def of(cls, reference: EventTable, estimate: EventTable, settings: EvaluationSettings) -> Self | None:
        """The events of one piece; None if there are none, or one of them lacks a confidence."""
        if not len(estimate) or np.isnan(estimate.confidences).any():
            return None
        is_matched = np.zeros((len(estimate), 2), np.bool_)
        is_matched[match_offsets(reference, estimate, settings)[:, 1], 0] = True
        is_matched[match_onsets(reference, estimate, settings)[:, 1], 1] = True
        return cls(estimate.confidences, is_matched, len(reference))

    @classmethod
    def pooled(cls, pieces: Sequence["JudgedEvents"]) -> Self:
        """The events of several pieces (at least one) together."""
        return cls(
            np.concatenate([one.confidences for one in pieces]),
            np.concatenate([one.is_matched for one in pieces]),
            sum(one.n_reference for one in pieces),
        )


@dataclass(frozen=True, slots=True)
class Bin:
    """Events of about equal confidence, from `low` up to `high`; None where there are none."""

    low: float
    high: float
    n_events: int
    mean_confidence: float | None
    matched_share: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How many events are matched of those said to be so sure.

    `expected_calibration_error` is the mean distance, over events, between the confidence of an event's bin and the
    share of it that is matched.
    """

    name: str
    bins: tuple[Bin, ...]
    expected_calibration_error: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """What is left when events of less confidence are dropped: how many, and how many match by onset.

    `of` is "confidence" or "onset_confidence", the one that has to reach `level`.

    Matched as they were with all others: what a dropped one matched stays missed.
    """

    of: str
    level: float
    n_kept: int
    n_matched: int
    n_reference: int

    def scores(self) -> dict[str, float]:
        """Precision, recall and F1, each 0 where it is not defined."""
        return {
            "precision": self.n_matched / max(self.n_kept, 1),
            "recall": self.n_matched / max(self.n_reference, 1),
            "f1": 2 * self.n_matched / max(self.n_kept + self.n_reference, 1),
        }


def reliabilities(events: JudgedEvents) -> tuple[Reliability, Reliability]:
    """The reliability of onset confidences, matched by onset, and of whole events', by onset and offset."""
    onset = _reliability("onset", events.confidences[:, 1], events.is_matched[:, 1])
    return onset, _reliability("onset+offset", events.confidences[:, 0], events.is_matched[:, 0])


def thresholds(events: JudgedEvents) -> tuple[Threshold, ...]:
    """For every one of `LEVELS`, of either confidence: what `transcribe --min-(onset-)confidence` would do."""
    steps = []
    for column, name in enumerate(("confidence", "onset_confidence")):
        for level in LEVELS:
            is_kept = events.confidences[:, column] >= level
            n_matched = int(events.is_matched[is_kept, 1].sum())
            steps.append(Threshold(name, level, int(is_kept.sum()), n_matched, events.n_reference))
    return tuple(steps)


def _reliability(name: str, confidences: Floats, is_matched: NDArray[np.bool_]) -> Reliability:
    index = np.minimum((confidences * N_BINS).astype(np.int64), N_BINS - 1)
    bins = tuple(_bin(i, confidences[index == i], is_matched[index == i]) for i in range(N_BINS))
    off = sum(abs(confidences[index == i].sum() - is_matched[index == i].sum()) for i in range(N_BINS))
    return Reliability(name, bins, float(off) / len(confidences))


def _bin(i: int, confidences: Floats, is_matched: NDArray[np.bool_]) -> Bin:
    if not len(confidences):
        return Bin(i / N_BINS, (i + 1) / N_BINS, 0, None, None)
    means = (float(confidences.mean()), float(is_matched.mean()))
    return Bin(i / N_BINS, (i + 1) / N_BINS, len(confidences), *means)
