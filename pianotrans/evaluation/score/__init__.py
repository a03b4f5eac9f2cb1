"""Scores measured: against the annotations and true scores of (n)ASAP, or file against file.

Beats, signatures, hands, spelling, rhythm, MV2H, and how many signs there are to read.

    evaluation = evaluate_scores(Path("asap"), hints=("none", "bpm"))
    evaluation.means("none")["staff"]
"""

from pianotrans.evaluation.score.beats import BeatScores, score_beats
from pianotrans.evaluation.score.collection import ScoreEvaluation, evaluate_scores
from pianotrans.evaluation.score.figures import FIGURES
from pianotrans.evaluation.score.files import FileComparison, compare_score_files
from pianotrans.evaluation.score.hints import HINT_KINDS, HintKind, parse_hint_kinds
from pianotrans.evaluation.score.legibility import Legibility
from pianotrans.evaluation.score.musicxml import read_musicxml
from pianotrans.evaluation.score.mv2h import Mv2h, compute_mv2h

__all__ = [
    "FIGURES",
    "HINT_KINDS",
    "BeatScores",
    "FileComparison",
    "HintKind",
    "Legibility",
    "Mv2h",
    "ScoreEvaluation",
    "compare_score_files",
    "compute_mv2h",
    "evaluate_scores",
    "parse_hint_kinds",
    "read_musicxml",
    "score_beats",
]
