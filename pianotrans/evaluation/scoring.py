"""Whole evaluations: two performances, two files or two folders, in this process or in several."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pianotrans.datasets import knows_velocity, load_reference
from pianotrans.errors import EvaluationError, PianotransError
from pianotrans.evaluation.collection import Evaluation, Failure
from pianotrans.evaluation.metrics import ONSET
from pianotrans.evaluation.pairs import FilePair, Pairing, load_confident, pair_files
from pianotrans.evaluation.piece import Column, PieceScores, score_piece
from pianotrans.evaluation.sanity import score_trivial
from pianotrans.evaluation.settings import EvaluationSettings
from pianotrans.evaluation.watcher import EvaluationWatcher
from pianotrans.events import (
    MIDI_SUFFIXES,
    SUSTAIN,
    PedalCurve,
    Performance,
    load_pedal_curve,
    load_performance,
    retime,
    transpose,
)
from pianotrans.processes import n_cores, work_on

_PIECES_PER_PROCESS = 32  # a process takes some 2 s to start, a piece of 600 notes 0.1 s, of 5000 notes 0.5 s


def evaluate(
    reference: str | os.PathLike[str] | Performance,
    estimate: str | os.PathLike[str] | Performance,
    *,
    n_jobs: int | None = None,
    **settings: Any,
) -> Evaluation:
    """Score transcriptions against what was played.

        evaluation = pianotrans.evaluate("truth.mid", "song.mid", onset_tolerance_s=0.03)
        for one in evaluation.summary():
            print(one.column.name, one.f1)
        evaluation.save("results")

    Args:
        reference: What was played: a MIDI file, a folder of them, or a performance.
        estimate: What was transcribed: a file (MIDI or JSON), a folder, or a performance. Folders are matched by
            relative path and name.
        n_jobs: Number of processes; None starts as many as are worth it. Scripts that let processes start need
            `if __name__ == "__main__":`.
        **settings: Fields of `EvaluationSettings`; by default tolerances are those of the MAESTRO literature, and
            notes are scored both as long as keys are held and as they sound.

    Raises:
        EvaluationError: Nothing can be scored. One piece that fails among others is in `failures`.
        UsageError: A setting is impossible.
        MidiError: With a performance on the other side, a file cannot be read.
    """
    chosen = EvaluationSettings(**settings)
    if not isinstance(reference, Performance) and not isinstance(estimate, Performance):
        return score_midi(Path(reference), Path(estimate), chosen, n_jobs=n_jobs)
    played = reference if isinstance(reference, Performance) else load_reference(Path(reference))
    heard = estimate if isinstance(estimate, Performance) else load_performance(estimate)
    has_velocity = isinstance(reference, Performance) or knows_velocity(Path(reference))
    piece = score_piece(
        played,
        heard,
        chosen,
        name="performance",
        knows_velocity=has_velocity,
        pedal_curves=(_pedal_curve(reference, played), _pedal_curve(estimate, heard)),
    )
    return Evaluation(chosen, (piece,))


def score_midi(
    reference: Path,
    estimate: Path,
    settings: EvaluationSettings,
    *,
    n_jobs: int | None = None,
    sanity: bool = False,
    watcher: EvaluationWatcher | None = None,
) -> Evaluation:
    """Score two files, or every pair of two folders (see `pair_files`); for `sanity` trivial transcriptions, too.

    The watcher is told of everything that has no score; the evaluation holds it, too. Raises EvaluationError if
    nothing has one, and what `pair_files` and `score_pairs` raise.
    """
    watcher = watcher or EvaluationWatcher()
    pairing = pair_files(reference, estimate)
    for path in pairing.reference_only:
        watcher.unmatched(f"no estimate for {path}")
    for path in pairing.estimate_only:
        watcher.unmatched(f"no reference for {path}")
    if not pairing.pairs:
        raise EvaluationError(_why_no_pairs(pairing, reference, estimate))
    pieces, failures = score_pairs(pairing.pairs, settings, n_jobs=n_jobs, watcher=watcher)
    if not pieces:
        raise EvaluationError(
            "nothing was scored: every piece has a file that cannot be read. "
            f"The first is {failures[0].name}: {failures[0].reason}"
        )
    names = {piece.name for piece in pieces}
    references = {pair.name: pair.reference for pair in pairing.pairs if pair.name in names}
    return Evaluation(
        settings=settings,
        pieces=pieces,
        reference_only=tuple(map(str, pairing.reference_only)),
        estimate_only=tuple(map(str, pairing.estimate_only)),
        failures=failures,
        sanity=score_trivial(references, settings, n_jobs=n_jobs or default_jobs(len(names))) if sanity else (),
    )


def score_pairs(
    pairs: Sequence[FilePair],
    settings: EvaluationSettings,
    *,
    n_jobs: int | None = None,
    watcher: EvaluationWatcher | None = None,
) -> tuple[tuple[PieceScores, ...], tuple[Failure, ...]]:
    """Read and score every pair; the pieces, and those with a file that cannot be read, both in order.

    A reference may be a text file of MAPS, which knows no velocities. Without `n_jobs` as many processes work as
    are worth their start. The watcher is told of files in which something was wrong. Raises WorkerError if a
    process dies.
    """
    watcher = watcher or EvaluationWatcher()
    results: dict[FilePair, PieceScores | Failure] = {}
    scored = work_on(partial(_score, settings=settings), pairs, n_jobs or default_jobs(len(pairs)))
    for pair, (result, remarks) in scored:
        results[pair] = result
        for line in remarks:
            watcher.remarked(line)
        watcher.scored(len(results), len(pairs))
    in_order = [results[pair] for pair in pairs]
    failures = tuple(result for result in in_order if isinstance(result, Failure))
    for failure in failures:
        watcher.failed(failure)
    return tuple(result for result in in_order if not isinstance(result, Failure)), failures


def default_jobs(n_pieces: int) -> int:
    """How many processes are worth starting: one for each core, fewer for few pieces."""
    return max(1, min(n_cores(), n_pieces // _PIECES_PER_PROCESS))


def _score(pair: FilePair, settings: EvaluationSettings) -> tuple[PieceScores | Failure, tuple[str, ...]]:
    """The scores of a piece, or why it has none, and what was wrong with its files."""
    remarks: list[str] = []
    try:
        reference = load_reference(pair.reference, say=remarks.append)
        estimate = load_performance(pair.estimate, say=remarks.append)
        curve = _pedal_curve(pair.reference, reference)
        if pair.moved is not None:
            reference, curve = retime(reference, pair.moved), curve.retimed(pair.moved)
        score = partial(
            score_piece,
            estimate=estimate,
            settings=settings,
            name=pair.name,
            knows_velocity=knows_velocity(pair.reference),
            confident=load_confident(pair),
            pedal_curves=(curve, _pedal_curve(pair.estimate, estimate)),
        )
        column = Column(settings.conventions[0].name, ONSET)
        pieces = [score(transpose(reference, keys) if keys else reference) for keys in pair.keys_higher]
        piece = max(pieces, key=lambda one: one.scores[column].f1)
    except PianotransError as error:
        return Failure(pair.name, str(error)), tuple(remarks)
    return piece, tuple(remarks)


def _pedal_curve(source: str | os.PathLike[str] | Performance, performance: Performance) -> PedalCurve:
    """The sustain pedal with every value that a MIDI file gives it; of anything else, from its intervals."""
    if not isinstance(source, Performance) and Path(source).suffix.lower() in MIDI_SUFFIXES:
        return load_pedal_curve(source)
    return PedalCurve.of_pedals(performance.pedals_of(SUSTAIN))


def _why_no_pairs(pairing: Pairing, reference: Path, estimate: Path) -> str:
    n_references, n_estimates = len(pairing.reference_only), len(pairing.estimate_only)
    found = (
        f"nothing to score: {n_references} MIDI files in {reference}, {n_estimates} in {estimate}, "
        "no two of the same path."
    )
    if not n_references or not n_estimates:
        return f"{found} Give folders that hold MIDI files ({', '.join(MIDI_SUFFIXES)})."
    if pairing.n_same_stem:
        return f"{found} {pairing.n_same_stem} have the same name but lie in other folders below. Move them."
    return f"{found} Name the estimates as the references are."
