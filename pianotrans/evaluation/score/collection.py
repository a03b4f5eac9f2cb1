"""Scores of many performances, measured; their means, and the worst."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import AnnotatedPiece
from pianotrans.datasets.selection import matches
from pianotrans.errors import EvaluationError, PianotransError
from pianotrans.evaluation.collection import Failure
from pianotrans.evaluation.score.figures import FIGURES
from pianotrans.evaluation.score.hints import HintKind
from pianotrans.evaluation.score.legibility import Legibility
from pianotrans.evaluation.score.piece import MeasuredScore, PieceTruth, ScoreMaker, measure_piece
from pianotrans.evaluation.scoring import default_jobs
from pianotrans.evaluation.watcher import EvaluationWatcher
from pianotrans.events import Performance
from pianotrans.names import shown
from pianotrans.processes import work_on
from pianotrans.score.score import Score
from pianotrans.score.settings import ScoreSettings
from pianotrans.version import __version__


@dataclass(frozen=True)
class ScoreEvaluation:
    """Measured scores, a list for every kind of hints in the order in which they were asked for; and failures."""

    scores: dict[HintKind, tuple[MeasuredScore, ...]]
    failures: tuple[Failure, ...] = ()
    transcribed: Path | None = None

    def means(self, kind: HintKind, composer: str | None = None) -> dict[str, float | None]:
        """The mean of every figure over the pieces that have it, None where none has; of one composer, or all."""
        chosen = [one for one in self.scores[kind] if composer in (None, one.composer)]
        return {figure.name: _mean([one.figures[figure.name] for one in chosen]) for figure in FIGURES}

    @property
    def composers(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(sorted({one.composer for scores in self.scores.values() for one in scores}))

    def worst(self, kind: HintKind, figure: str, n_at_most: int) -> tuple[tuple[str, float], ...]:
        """The pieces with the lowest figures, lowest first."""
        known = [(one.name, value) for one in self.scores[kind] if (value := one.figures[figure]) is not None]
        return tuple(sorted(known, key=lambda row: (row[1], row[0]))[:n_at_most])

    def legibility(self, kind: HintKind) -> dict[str, tuple[float, float]]:
        """Signs per bar, found and true: means over the pieces whose true score is known."""
        both = [
            (one.legibility, one.true_legibility)
            for one in self.scores[kind]
            if one.legibility is not None and one.true_legibility is not None
        ]
        if not both:
            return {}
        return {
            name: (
                statistics.fmean(getattr(found, name) for found, _ in both),
                statistics.fmean(getattr(true, name) for _, true in both),
            )
            for name in Legibility.names()
        }

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain lists, numbers and strings; figures are 0 … 1, and null where not defined."""
        return {
            "format": "pianotrans-score-evaluation",
            "version": 1,
            "program": f"pianotrans {__version__}",
            "transcribed": None if self.transcribed is None else str(self.transcribed),
            "figures": {figure.name: f"{figure.group}: {figure.label}" for figure in FIGURES},
            "summary": {kind: self.means(kind) for kind in self.scores},
            "composers": {
                kind: {composer: self.means(kind, composer) for composer in self.composers} for kind in self.scores
            },
            "legibility": {
                kind: {name: {"found": found, "true": true} for name, (found, true) in rows.items()}
                for kind in self.scores
                if (rows := self.legibility(kind))
            },
            "pieces": [asdict(one) for scores in self.scores.values() for one in scores],
            "failures": [{"name": one.name, "reason": shown(one.reason)} for one in self.failures],
        }


def evaluate_scores(
    root: Path,
    *,
    split: str | None = "test",
    one_each: bool = False,
    name_filter: str | None = None,
    n_at_most: int | None = None,
    hints: Sequence[HintKind] = ("none",),
    transcribed: Path | None = None,
    make: ScoreMaker | None = None,
    n_jobs: int | None = None,
    watcher: EvaluationWatcher | None = None,
) -> ScoreEvaluation:
    """Make a score of every chosen performance of (n)ASAP, and measure it.

    Args:
        root: The folder of the data set.
        split: "train", "validation", "test", or None for all.
        one_each: Take one performance of each composition.
        name_filter: Take performances whose name contains or matches it.
        n_at_most: Take the first so many.
        hints: What is known of each performance: a score is made and measured for every kind.
        transcribed: A folder with a transcription of each performance, of which scores are made instead.
        make: What makes scores; None is `make_score`.
        n_jobs: Number of processes; None starts as many as are worth it.
        watcher: Is told of every piece that is done or failed.

    Raises DatasetError for a data set that cannot be read, EvaluationError if nothing is left to measure or nothing
    could be measured, WorkerError if a process dies.
    """
    watcher = watcher or EvaluationWatcher()
    pieces = choose_pieces(list_asap(root), split, one_each, name_filter, n_at_most)
    measure = partial(_measure, root=root, hints=tuple(hints), transcribed=transcribed, make=make or _make)
    results: dict[str, dict[HintKind, MeasuredScore] | Failure] = {}
    for piece, result in work_on(measure, pieces, n_jobs or default_jobs(len(pieces))):
        results[piece.name] = result
        if isinstance(result, Failure):
            watcher.failed(result)
        watcher.scored(len(results), len(pieces))
    in_order = [results[piece.name] for piece in pieces]
    failures = tuple(result for result in in_order if isinstance(result, Failure))
    measured = [result for result in in_order if not isinstance(result, Failure)]
    if not measured:
        raise EvaluationError(f"nothing was measured. The first is {failures[0].name}: {failures[0].reason}")
    return ScoreEvaluation({kind: tuple(one[kind] for one in measured) for kind in hints}, failures, transcribed)


def choose_pieces(
    pieces: Sequence[AnnotatedPiece],
    split: str | None,
    one_each: bool = False,
    name_filter: str | None = None,
    n_at_most: int | None = None,
) -> list[AnnotatedPiece]:
    """The pieces that are asked for, in order. Raises EvaluationError if there are none."""
    chosen = [piece for piece in pieces if split in (None, piece.split)]
    if name_filter is not None:
        chosen = [piece for piece in chosen if matches(piece.name, name_filter)]
    if one_each:
        first: dict[str, AnnotatedPiece] = {}
        for piece in chosen:
            first.setdefault(piece.score, piece)
        chosen = list(first.values())
    if not chosen:
        asked = f"split {split or 'all'}" + (f", names like {name_filter!r}" if name_filter is not None else "")
        raise EvaluationError(f"none of {len(pieces)} performances is asked for ({asked}). Choose others.")
    return chosen[:n_at_most]


def _measure(
    piece: AnnotatedPiece, root: Path, hints: tuple[HintKind, ...], transcribed: Path | None, make: ScoreMaker
) -> dict[HintKind, MeasuredScore] | Failure:
    try:
        truth = PieceTruth.load(root, piece, transcribed)
        return {kind: measure_piece(truth, kind, make) for kind in hints}
    except PianotransError as error:
        return Failure(piece.name, str(error))


def _make(performance: Performance, settings: ScoreSettings) -> Score:
    from pianotrans.score.making import make_score

    return make_score(performance, settings)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
