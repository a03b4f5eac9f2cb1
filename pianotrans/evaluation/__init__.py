"""Transcriptions scored against what was played: the literature's metrics, deviations, mistakes, comparisons.

    scores = score_piece(reference, estimate, EvaluationSettings(), name="song")
    evaluation = Evaluation(settings, (scores, …))
    evaluation.summary()

Importing this package loads neither mir_eval nor matplotlib.
"""

from pianotrans.evaluation.collection import ColumnSummary, Evaluation, Failure
from pianotrans.evaluation.comparison import Difference, compare, load_evaluation
from pianotrans.evaluation.pairs import Pair, Pairing, find_pairs
from pianotrans.evaluation.piece import Column, PieceScores, columns, score_piece
from pianotrans.evaluation.report import to_dict
from pianotrans.evaluation.running import default_jobs, score_files
from pianotrans.evaluation.scores import Score
from pianotrans.evaluation.settings import (
    KEYS,
    SOUNDING,
    Convention,
    Durations,
    EvaluationSettings,
    choose_conventions,
)

__all__ = [
    "KEYS",
    "SOUNDING",
    "Column",
    "ColumnSummary",
    "Convention",
    "Difference",
    "Durations",
    "Evaluation",
    "EvaluationSettings",
    "Failure",
    "Pair",
    "Pairing",
    "PieceScores",
    "Score",
    "choose_conventions",
    "columns",
    "compare",
    "default_jobs",
    "find_pairs",
    "load_evaluation",
    "score_files",
    "score_piece",
    "to_dict",
]
