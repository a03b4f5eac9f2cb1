"""Scoring the files of many pieces, in this process or in several."""

from collections.abc import Iterator, Sequence
from functools import partial

from pianotrans.datasets import knows_velocity, load_reference
from pianotrans.errors import PianotransError
from pianotrans.evaluation.collection import Failure
from pianotrans.evaluation.pairs import FilePair, load_confident, load_estimate
from pianotrans.evaluation.piece import PieceScores, score_piece
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.processes import n_cores, work_on

_PIECES_PER_PROCESS = 32  # a process takes some 2 s to start, a piece of 600 notes 0.1 s, of 5000 notes 0.5 s


def default_jobs(n_pieces: int) -> int:
    """How many processes are worth starting: one for each core, fewer for few pieces."""
    return max(1, min(n_cores(), n_pieces // _PIECES_PER_PROCESS))


def score_files(
    pairs: Sequence[FilePair], settings: EvaluationSettings, *, jobs: int = 1
) -> Iterator[PieceScores | Failure]:
    """Read and score every pair; a file that cannot be read becomes a Failure and does not stop the others.

    A reference may be a text file of MAPS, which knows no velocities. Results come as they are finished:
    with more than one job in any order. Raises WorkerError if a process dies, for lack of memory say.
    """
    for _, result in work_on(partial(_score, settings=settings), pairs, jobs):
        yield result


def _score(pair: FilePair, settings: EvaluationSettings) -> PieceScores | Failure:
    try:
        reference, estimate = load_reference(pair.reference), load_estimate(pair.estimate)
        return score_piece(
            reference,
            estimate,
            settings,
            name=pair.name,
            knows_velocity=knows_velocity(pair.reference),
            confident=load_confident(pair),
        )
    except PianotransError as error:
        return Failure(pair.name, str(error))
