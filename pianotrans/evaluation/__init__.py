"""Transcriptions scored against what was played: the literature's metrics, deviations, mistakes, comparisons.

    scores = score_piece(reference, estimate, EvaluationSettings(), name="song")
    evaluation = Evaluation(settings, (scores, …))
    evaluation.summary()

Importing this package loads neither mir_eval nor matplotlib.
"""

from pianotrans.evaluation.collection import ColumnSummary, Evaluation, Failure
from pianotrans.evaluation.comparison import Difference, compare, load_evaluation
from pianotrans.evaluation.pairs import FilePair, Pairing, pair_files
from pianotrans.evaluation.piece import Column, PieceScores, columns, score_piece
from pianotrans.evaluation.provenance import Provenance
from pianotrans.evaluation.report import to_dict
from pianotrans.evaluation.running import default_jobs, score_files
from pianotrans.evaluation.scores import Score
from pianotrans.evaluation.settings import (
    KEYS,
    SOUNDING,
    Convention,
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
    "Evaluation",
    "EvaluationSettings",
    "Failure",
    "FilePair",
    "Pairing",
    "PieceScores",
    "Provenance",
    "Score",
    "choose_conventions",
    "columns",
    "compare",
    "default_jobs",
    "load_evaluation",
    "pair_files",
    "score_files",
    "score_piece",
    "to_dict",
]
