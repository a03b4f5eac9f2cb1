"""Scoring the files of many pieces, in this process or in several."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from pianotrans.errors import EvaluationError, PianotransError
from pianotrans.evaluation.collection import Failure
from pianotrans.evaluation.datasets import knows_velocity, load_reference
from pianotrans.evaluation.pairs import FilePair, load_confident, load_estimate
from pianotrans.evaluation.piece import PieceScores, score_piece
from pianotrans.evaluation.settings import EvaluationSettings

_PIECES_PER_PROCESS = 32  # a process takes some 2 s to start, a piece of 600 notes 0.1 s, of 5000 notes 0.5 s


def default_jobs(n_pieces: int) -> int:
    """How many processes are worth starting: one for each core, fewer for few pieces."""
    return max(1, min(os.cpu_count() or 1, n_pieces // _PIECES_PER_PROCESS))


def score_files(
    pairs: Sequence[FilePair], settings: EvaluationSettings, *, jobs: int = 1
) -> Iterator[PieceScores | Failure]:
    """Read and score every pair; a file that cannot be read becomes a Failure and does not stop the others.

    A reference may be a text file of MAPS, which knows no velocities. Results come as they are finished:
    with more than one job in any order. Raises EvaluationError if a process dies, for lack of memory say.
    """
    if jobs <= 1 or len(pairs) <= 1:
        yield from (_score(pair, settings) for pair in pairs)
        return
    # Fresh processes: a forked copy of one that runs threads (a progress bar's, say) may hang.
    context = multiprocessing.get_context("spawn")
    n_processes = min(jobs, len(pairs))
    with ProcessPoolExecutor(n_processes, mp_context=context, initializer=_ignore_interrupts) as pool:
        try:
            for done in as_completed([pool.submit(_score, pair, settings) for pair in pairs]):
                yield done.result()
        except BrokenProcessPool as error:
            raise EvaluationError(f"one of {n_processes} processes died. Try again with --jobs 1.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the one that started the others deals with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
