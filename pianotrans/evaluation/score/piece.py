"""One performance: its score made, and measured against the true one."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pianotrans.datasets.alignments import match_notes, read_alignment
from pianotrans.datasets.beats import AnnotatedPiece
from pianotrans.errors import EvaluationError
from pianotrans.evaluation.score.beats import score_beats
from pianotrans.evaluation.score.figures import FIGURES
from pianotrans.evaluation.score.hints import HintKind, hints_for
from pianotrans.evaluation.score.legibility import Legibility, count_signs
from pianotrans.evaluation.score.musicxml import parse_musicxml, read_musicxml
from pianotrans.evaluation.score.mv2h import compute_mv2h
from pianotrans.evaluation.score.notes import NotePair, pair_by_index, pair_by_onset, score_notes
from pianotrans.evaluation.score.signatures import score_signatures
from pianotrans.evaluation.score.timed import timed_score, timed_truth
from pianotrans.evaluation.score.truth import TrueNote, true_notes
from pianotrans.events import PERFORMANCE_SUFFIXES, Performance, load_performance
from pianotrans.score.score import Score
from pianotrans.score.settings import ScoreSettings

ScoreMaker = Callable[[Performance, ScoreSettings], Score]


@dataclass(frozen=True)
class PieceTruth:
    """What is known of a performance.

    `performance` is what a score is to be made of: the true one, or a transcription of it (`is_transcribed`).
    `notes` are true notes by their index in the true performance. `legibility` is that of the true score, None
    where its file is missing.
    """

    piece: AnnotatedPiece
    performance: Performance
    is_transcribed: bool
    notes: dict[int, TrueNote]
    legibility: Legibility | None

    @classmethod
    def load(cls, root: Path, piece: AnnotatedPiece, transcribed: Path | None = None) -> "PieceTruth":
        """Read a performance of (n)ASAP, or its transcription from the folder `transcribed`.

        Raises DatasetError, MidiError or EvaluationError where a file is missing or cannot be read.
        """
        played = piece.load()
        matched = match_notes(played, read_alignment(root / "alignment" / f"{piece.name}.tsv.gz"))
        indices = sorted(matched)
        notes = true_notes([matched[i] for i in indices], piece.beats)
        path = root / "scores" / f"{piece.score}.mxl"
        return cls(
            piece,
            played if transcribed is None else load_performance(find_transcription(transcribed, piece.name)),
            transcribed is not None,
            dict(zip(indices, notes, strict=True)),
            count_signs(read_musicxml(path)) if path.is_file() else None,
        )

    def pairs(self, score: Score) -> tuple[NotePair, ...]:
        """The notes that stand in both scores."""
        if self.is_transcribed:
            return pair_by_onset(tuple(self.notes.values()), score)
        return pair_by_index(self.notes, score)


@dataclass(frozen=True, slots=True)
class MeasuredScore:
    """The figures of one score; None where the truth has nothing to measure.

    `figures` has all of `FIGURES` by name. `n_notes` is how many performed notes the true score has.
    """

    name: str
    composer: str
    hints: HintKind
    n_notes: int
    figures: dict[str, float | None]
    legibility: Legibility | None
    true_legibility: Legibility | None


def measure_piece(truth: PieceTruth, kind: HintKind, make: ScoreMaker) -> MeasuredScore:
    """Make a score with hints of one kind, and measure it. Raises what `make` raises, and ScoreError for hints."""
    score = make(truth.performance, ScoreSettings(hints=hints_for(kind, truth.piece.beats)))
    return MeasuredScore(
        name=truth.piece.name,
        composer=truth.piece.composer,
        hints=kind,
        n_notes=len(truth.notes),
        figures=measure_score(truth, score),
        legibility=count_signs(parse_musicxml(score.to_musicxml())),
        true_legibility=truth.legibility,
    )


def measure_score(truth: PieceTruth, score: Score) -> dict[str, float | None]:
    """All figures of a score, by name."""
    annotation = truth.piece.beats
    found: dict[str, float | None] = {figure.name: None for figure in FIGURES}
    if (beats := score_beats(annotation, score.grid)) is not None:
        found |= asdict(beats)
    found |= asdict(score_signatures(annotation, score.measures))
    if score.measures:
        found |= asdict(score_notes(truth.pairs(score), score.measures))
    if truth.notes:
        mv2h = compute_mv2h(timed_truth(tuple(truth.notes.values()), annotation), timed_score(score))
        found |= asdict(mv2h) | {"mv2h": mv2h.mean}
    return found


def find_transcription(folder: Path, name: str) -> Path:
    """The performance called `name` in a folder; JSON before MIDI. Raises EvaluationError if there is none."""
    for suffix in reversed(PERFORMANCE_SUFFIXES):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    raise EvaluationError(f"{folder}: holds no {name}.mid or .json. Transcribe that performance into it.")
