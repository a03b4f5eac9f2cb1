"""Two score files side by side."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pianotrans.evaluation.score.legibility import Legibility, count_signs
from pianotrans.evaluation.score.musicxml import WrittenScore, read_musicxml
from pianotrans.evaluation.score.mv2h import Mv2h, compute_mv2h
from pianotrans.evaluation.score.timed import timed_file


@dataclass(frozen=True, slots=True)
class FileComparison:
    """MV2H of the estimate, and the signs per bar of both files, None where a file has no bars."""

    mv2h: Mv2h
    legibility: Legibility | None
    true_legibility: Legibility | None

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers and strings."""
        return {
            "format": "pianotrans-score-comparison",
            "version": 1,
            "mv2h": asdict(self.mv2h) | {"mv2h": self.mv2h.mean},
            "legibility": self.legibility and asdict(self.legibility),
            "true_legibility": self.true_legibility and asdict(self.true_legibility),
        }


def compare_score_files(truth: Path, estimate: Path) -> FileComparison:
    """Compare two score files, .mxl or .musicxml.

    Files have no times: both are taken to begin together and to go on at one steady tempo, without repeats. So an
    estimate with an extra bar or doubled note values agrees with little. Raises EvaluationError where a file cannot
    be read.
    """
    return compare_written_scores(read_musicxml(truth), read_musicxml(estimate))


def compare_written_scores(truth: WrittenScore, estimate: WrittenScore) -> FileComparison:
    """The same for scores that were read."""
    mv2h = compute_mv2h(timed_file(truth), timed_file(estimate))
    return FileComparison(mv2h, count_signs(estimate), count_signs(truth))
