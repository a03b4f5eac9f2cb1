"""`pianotrans evaluate REF EST`: MIDI against MIDI."""

from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from pianotrans.commands.console import Reporter
from pianotrans.errors import EvaluationError
from pianotrans.evaluation import (
    Evaluation,
    EvaluationSettings,
    Failure,
    FilePair,
    Pairing,
    PieceScores,
    default_jobs,
    pair_files,
    score_files,
)


def score_midi(
    reference: Path, estimate: Path, settings: EvaluationSettings, jobs: int | None, reporter: Reporter
) -> Evaluation:
    """Score two files, or every pair of two folders; tell of everything that has no score.

    Raises EvaluationError if nothing has one, and what `pair_files` and `score_files` raise.
    """
    pairing = pair_files(reference, estimate)
    _tell_unmatched(pairing, reporter)
    pieces, failures = score_pairs(pairing.pairs, settings, jobs, reporter)
    if not pieces:
        raise EvaluationError(_why_nothing(pairing))
    return Evaluation(
        settings=settings,
        pieces=pieces,
        reference_only=tuple(map(str, pairing.reference_only)),
        estimate_only=tuple(map(str, pairing.estimate_only)),
        failures=failures,
    )


def score_pairs(
    pairs: Sequence[FilePair], settings: EvaluationSettings, jobs: int | None, reporter: Reporter
) -> tuple[tuple[PieceScores, ...], tuple[Failure, ...]]:
    """Score every pair, in order, and tell of what cannot be scored."""
    results = track(
        score_files(pairs, settings, jobs=jobs or default_jobs(len(pairs))),
        description="scoring",
        total=len(pairs),
        console=reporter.console,
        transient=True,
        disable=reporter.quiet or reporter.is_plain,
    )
    by_name = {result.name: result for result in results}
    in_order = [by_name[pair.name] for pair in pairs]
    failures = tuple(result for result in in_order if isinstance(result, Failure))
    for failure in failures:
        tell_failure(failure, reporter)
    return tuple(result for result in in_order if not isinstance(result, Failure)), failures


def tell_failure(failure: Failure, reporter: Reporter) -> None:
    """One line about a piece that has no score."""
    reporter.error(EvaluationError(f"{failure.name}: not scored. {failure.reason}"))


def _tell_unmatched(pairing: Pairing, reporter: Reporter) -> None:
    """Never left out, not even with --quiet: scores without these pieces may mislead."""
    for path in pairing.reference_only:
        reporter.console.print(f"no estimate for {path}", markup=False, soft_wrap=True)
    for path in pairing.estimate_only:
        reporter.console.print(f"no reference for {path}", markup=False, soft_wrap=True)


def _why_nothing(pairing: Pairing) -> str:
    if pairing.pairs:
        return "nothing was scored: every piece has a file that cannot be read. See the lines above."
    n_references, n_estimates = len(pairing.reference_only), len(pairing.estimate_only)
    found = f"nothing to score: {n_references} MIDI files in REF, {n_estimates} in EST, no two of the same path."
    if not n_references or not n_estimates:
        return f"{found} Pass folders that hold .mid or .midi files."
    if pairing.n_same_stem:
        return f"{found} {pairing.n_same_stem} have the same name but lie in other folders below. Move them."
    return f"{found} Name the estimates as the references are."
