"""An evaluation as plain data, for JSON; what `comparison` reads back."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED
from pianotrans.evaluation.collection import ColumnSummary, Evaluation, summarise
from pianotrans.evaluation.mistakes import count_kinds
from pianotrans.evaluation.piece import PieceScores
from pianotrans.evaluation.reliability import KINDS
from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.tolerances import OFFSET_TOLERANCES_S, ONSET_TOLERANCES_S
from pianotrans.names import shown
from pianotrans.version import __version__

FORMAT, VERSION = "pianotrans-evaluation", 1


def to_dict(evaluation: Evaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED) -> dict[str, Any]:
    """Everything but individual mistakes and deviations. Scores are from 0 to 1, null where not defined."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "program": f"pianotrans {__version__}",
        "transcription": evaluation.provenance and asdict(evaluation.provenance),
        "settings": evaluation.settings.to_dict(),
        "conventions": list(evaluation.settings.describe()),
        "bootstrap": {"level": 0.95, "n_resamples": n_resamples, "seed": seed},
        "n_pieces": len(evaluation.pieces),
        "summary": {
            one.column.name: _summary(one) for one in evaluation.summary(n_resamples=n_resamples, seed=seed)
        },
        "bands": {
            one.name: [asdict(band) | {"recall": band.recall, "f1": band.f1} for band in evaluation.bands(one.name)]
            for one in evaluation.settings.conventions
        },
        "mistakes": evaluation.mistakes(),
        "details": _details(evaluation, n_resamples, seed),
        "reliability": {kind: [asdict(one) for one in evaluation.reliability(kind)] for kind in KINDS},
        "thresholds": {kind: [asdict(one) | one.scores() for one in evaluation.thresholds(kind)] for kind in KINDS},
        "sanity": {row.name: _summaries(row.pieces, evaluation.settings) for row in evaluation.sanity},
        "robustness": [
            {
                "degradation": step.name,
                "level": step.level,
                "unit": step.unit,
                "summary": _summaries(step.pieces, evaluation.settings),
            }
            for step in evaluation.robustness
        ],
        "pieces": [piece_to_dict(piece) for piece in evaluation.pieces],
        "unmatched": {
            "reference": [*map(shown, evaluation.reference_only)],
            "estimate": [*map(shown, evaluation.estimate_only)],
            "dataset": [*map(shown, evaluation.incomplete)],
        },
        "warnings": [*map(shown, evaluation.warnings)],
        "failures": [{"name": one.name, "reason": shown(one.reason)} for one in evaluation.failures],
    }


def _summaries(pieces: Sequence[PieceScores], settings: EvaluationSettings) -> dict[str, Any]:
    return {one.column.name: _summary(one) for one in summarise(pieces, settings)}


def _summary(one: ColumnSummary) -> dict[str, Any]:
    return {
        "n_pieces": one.n_pieces,
        "precision": one.precision,
        "recall": one.recall,
        "f1": one.f1,
        "f1_interval": one.f1_interval and list(one.f1_interval),
        "overlap_ratio": one.overlap_ratio,
        "pooled": one.pooled and _score(one.pooled),
    }


def _details(evaluation: Evaluation, n_resamples: int, seed: int) -> dict[str, Any]:
    pedalling, velocity, sweep = evaluation.pedalling(), evaluation.velocity(), evaluation.sweep()
    onset_f1, offset_f1 = (one.tolist() for one in sweep) if sweep else (None, None)
    return {
        "circumstances": [one.to_dict() for one in evaluation.circumstances()],
        "pedal": pedalling and pedalling.shares() | {"strokes": _score(pedalling.strokes)},
        "velocity": velocity and asdict(velocity),
        "tolerances": {
            "onset_tolerances_s": ONSET_TOLERANCES_S,
            "onset_f1": onset_f1,
            "offset_tolerances_s": OFFSET_TOLERANCES_S,
            "offset_f1": offset_f1,
        },
        "figures": {
            one.name: {"n_pieces": one.n_pieces, "mean": one.mean, "interval": one.interval}
            for one in evaluation.figures(n_resamples=n_resamples, seed=seed)
        },
    }


def piece_to_dict(piece: PieceScores) -> dict[str, Any]:
    """What JSON holds of one piece."""
    return {
        "name": piece.name,
        "n_reference": piece.n_reference,
        "n_estimate": piece.n_estimate,
        "removed_offset_s": piece.removed_offset_s,
        "mistakes": count_kinds(piece.mistakes),
        "scores": {column.name: _score(score) for column, score in piece.scores.items()},
        "figures": piece.details.figures(),
    }


def _score(score: FScore) -> dict[str, Any]:
    """The amounts always; what follows from them only where it is defined."""
    defined = score.is_defined
    return {
        "precision": score.precision if defined else None,
        "recall": score.recall if defined else None,
        "f1": score.f1 if defined else None,
        "overlap_ratio": score.overlap_ratio if defined else None,
        "matched": score.matched,
        "reference": score.reference,
        "estimate": score.estimate,
    }
