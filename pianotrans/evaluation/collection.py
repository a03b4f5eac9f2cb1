"""Many pieces: the mean over pieces, the notes of all pieces pooled, and how certain the mean is."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED, Interval, bootstrap_interval
from pianotrans.evaluation.circumstances import CircumstanceBand, pooled_bands
from pianotrans.evaluation.deviations import Band, MatchedNotes, bands
from pianotrans.evaluation.mistakes import count_kinds
from pianotrans.evaluation.pedalling import Pedalling
from pianotrans.evaluation.piece import Column, PieceScores, columns
from pianotrans.evaluation.provenance import Provenance
from pianotrans.evaluation.reliability import JudgedEvents, Kind, Reliability, Threshold, reliabilities, thresholds
from pianotrans.evaluation.robustness import RobustnessStep
from pianotrans.evaluation.sanity import SanityRow
from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tables import Floats
from pianotrans.evaluation.tolerances import mean_sweep
from pianotrans.evaluation.velocities import VelocityFit, mean_fit
from pianotrans.files import make_folder, write_atomically


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One score over the `n_pieces` pieces for which it is defined; all None if there are none.

    `precision`, `recall`, `f1` and `overlap_ratio` are means over pieces, as the literature has them;
    `f1_interval` is the bootstrap interval of the mean F1. `pooled` gives every note the same weight.
    """

    column: Column
    n_pieces: int
    precision: float | None
    recall: float | None
    f1: float | None
    overlap_ratio: float | None
    f1_interval: Interval | None
    pooled: FScore | None


@dataclass(frozen=True, slots=True)
class FigureSummary:
    """The mean of a figure (see `Details.figures`) over the `n_pieces` pieces that define it."""

    name: str
    n_pieces: int
    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A piece that could not be scored, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of a set of pieces, and what has no scores: files without a partner, and failures.

    `provenance` says how the estimates were made, if that was done for this evaluation. With a data set,
    `incomplete` has a line for each recording that lacks a file, and `warnings` what is odd about the others.
    `sanity` and `robustness` are there if they were asked for.
    """

    settings: EvaluationSettings
    pieces: tuple[PieceScores, ...]
    reference_only: tuple[str, ...] = ()
    estimate_only: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    provenance: Provenance | None = None
    incomplete: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sanity: tuple[SanityRow, ...] = ()
    robustness: tuple[RobustnessStep, ...] = ()

    def summary(self, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> tuple[ColumnSummary, ...]:
        """Every column over the pieces for which it is defined."""
        return summarise(self.pieces, self.settings, n_resamples=n_resamples, seed=seed)

    def reliability(self, kind: Kind = "notes") -> tuple[Reliability, ...]:
        """How far the confidences of the estimates can be trusted; () where estimates have none."""
        judged = self._judged(kind)
        return () if judged is None else reliabilities(judged)

    def thresholds(self, kind: Kind = "notes") -> tuple[Threshold, ...]:
        """What remains of the scores when doubtful events are dropped; () where estimates have no confidences."""
        judged = self._judged(kind)
        return () if judged is None else thresholds(judged)

    def _judged(self, kind: Kind) -> JudgedEvents | None:
        judged = [piece.judged[kind] for piece in self.pieces if kind in piece.judged]
        return JudgedEvents.pooled(judged) if judged else None

    def bands(self, convention: str) -> tuple[Band, ...]:
        """Deviations and recall of the notes of all pieces, by register and by loudness; () for no pieces."""
        if not self.pieces:
            return ()
        return bands(MatchedNotes.pooled([piece.matched[convention] for piece in self.pieces]))

    def figures(self, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> tuple[FigureSummary, ...]:
        """Pedals, velocities and music in single numbers, as means over the pieces that define them."""
        values: dict[str, list[float]] = defaultdict(list)
        for piece in self.pieces:
            for name, value in piece.details.figures().items():
                values[name].append(value)
        return tuple(
            FigureSummary(
                name, len(some), _mean(some), bootstrap_interval(some, n_resamples=n_resamples, seed=seed)
            )
            for name, some in values.items()
        )

    def circumstances(self) -> tuple[CircumstanceBand, ...]:
        """Recall and precision of the notes of all pieces by the circumstances of each note; () for no pieces."""
        return pooled_bands([piece.details.circumstances for piece in self.pieces])

    def pedalling(self) -> Pedalling | None:
        """The sustain pedals of the pieces whose references have any, all together; None where none has."""
        known = [one for piece in self.pieces if (one := piece.details.pedalling) is not None]
        return Pedalling.pooled(known) if known else None

    def velocity(self) -> VelocityFit | None:
        """The mean over pieces of how velocities follow the reference's; None where they are not known."""
        return mean_fit([piece.details.velocity for piece in self.pieces])

    def sweep(self) -> tuple[Floats, Floats] | None:
        """The mean over pieces of onset F1 by tolerance, and of offset F1; None where no reference has notes."""
        return mean_sweep([piece.details.sweep for piece in self.pieces])

    def mistakes(self) -> dict[str, int]:
        """How many mistakes of each kind there are in all pieces."""
        return count_kinds(tuple(one for piece in self.pieces for one in piece.mistakes))

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False, seed: int = SEED) -> tuple[str, ...]:
        """Write scores, tables, mistakes and pictures into a folder, made where it is missing. Returns their names.

        Raises OutputError if that cannot be done, or if the folder holds one of them (without `overwrite`).
        """
        from pianotrans.evaluation.saving import check_free, render_files

        folder = Path(folder)
        check_free(folder, overwrite=overwrite)
        make_folder(folder)
        contents = render_files(self, seed=seed)
        for name, content in contents.items():
            write_atomically(folder / name, content, overwrite=overwrite)
        return tuple(contents)


def summarise(
    pieces: Sequence[PieceScores], settings: EvaluationSettings, *, n_resamples: int = 0, seed: int = SEED
) -> tuple[ColumnSummary, ...]:
    """Every column over the pieces for which it is defined; without resamples there are no intervals."""
    return tuple(
        _summarise(column, [piece.scores[column] for piece in pieces], n_resamples, seed)
        for column in columns(settings)
    )


def _summarise(column: Column, scores: Sequence[FScore], n_resamples: int, seed: int) -> ColumnSummary:
    defined = [score for score in scores if score.is_defined]
    if not defined:
        return ColumnSummary(column, 0, None, None, None, None, None, None)
    ratios = [score.overlap_ratio for score in defined if score.overlap_ratio is not None]
    f1 = [score.f1 for score in defined]
    return ColumnSummary(
        column=column,
        n_pieces=len(defined),
        precision=_mean([score.precision for score in defined]),
        recall=_mean([score.recall for score in defined]),
        f1=_mean(f1),
        overlap_ratio=_mean(ratios) if ratios else None,
        f1_interval=bootstrap_interval(f1, n_resamples=n_resamples, seed=seed) if n_resamples else None,
        pooled=FScore.pooled(defined),
    )


def _mean(values: list[float]) -> float:
    return float(np.mean(values))
