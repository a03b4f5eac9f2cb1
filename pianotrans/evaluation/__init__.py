"""Transcriptions scored against what was played: the literature's metrics, deviations, mistakes, comparisons.

    evaluation = evaluate("truth", "transcribed", onset_tolerance_s=0.03)
    evaluation.summary()
    evaluation.save("results")

Importing this package loads neither mir_eval nor matplotlib.
"""

from pianotrans.evaluation.collection import ColumnSummary, Evaluation, Failure
from pianotrans.evaluation.comparison import (
    Difference,
    SavedEvaluation,
    SystemMean,
    compare,
    compare_systems,
    load_evaluation,
)
from pianotrans.evaluation.pairs import FilePair, Pairing, pair_files
from pianotrans.evaluation.piece import Column, PieceScores, columns, score_piece
from pianotrans.evaluation.provenance import Provenance
from pianotrans.evaluation.report import to_dict
from pianotrans.evaluation.robustness import RobustnessStep
from pianotrans.evaluation.sanity import SanityRow, score_trivial
from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.scoring import default_jobs, evaluate, score_midi, score_pairs
from pianotrans.evaluation.settings import (
    KEYS,
    SOUNDING,
    Convention,
    EvaluationSettings,
    choose_conventions,
)
from pianotrans.evaluation.watcher import EvaluationWatcher

__all__ = [
    "KEYS",
    "SOUNDING",
    "Column",
    "ColumnSummary",
    "Convention",
    "Difference",
    "Evaluation",
    "EvaluationSettings",
    "EvaluationWatcher",
    "FScore",
    "Failure",
    "FilePair",
    "Pairing",
    "PieceScores",
    "Provenance",
    "RobustnessStep",
    "SanityRow",
    "SavedEvaluation",
    "SystemMean",
    "choose_conventions",
    "columns",
    "compare",
    "compare_systems",
    "default_jobs",
    "evaluate",
    "load_evaluation",
    "pair_files",
    "score_midi",
    "score_pairs",
    "score_piece",
    "score_trivial",
    "to_dict",
]
