"""`pianotrans evaluate`: transcriptions scored against what was played."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluation_files import check_free, save
from pianotrans.errors import Cancelled, EvaluationError, PianotransError

if TYPE_CHECKING:
    from pianotrans.evaluation import Convention, Evaluation, EvaluationSettings, Pairing

SOME_FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130


class OneSide(StrEnum):
    """How long the notes of one side last."""

    keys = "keys"
    sounding = "sounding"


class BothSides(StrEnum):
    """How long notes last, on both sides."""

    keys = "keys"
    sounding = "sounding"
    both = "both"


def evaluate(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="What was played: a MIDI file, or a folder.")],
    estimate: Annotated[Path, typer.Argument(metavar="EST", help="What was transcribed: the same.")],
    compare: Annotated[
        bool, typer.Option("--compare", help="REF and EST are the JSON of two evaluations: compare them.")
    ] = False,
    durations: Annotated[
        BothSides,
        typer.Option(help="Held keys, or lengthened by the sustain pedal. Both gives both, one below the other."),
    ] = BothSides.both,
    ref_durations: Annotated[
        OneSide | None, typer.Option("--ref-durations", help="Of the reference, where it is to differ.")
    ] = None,
    est_durations: Annotated[
        OneSide | None, typer.Option("--est-durations", help="Of the estimate, where it is to differ.")
    ] = None,
    onset_tolerance: Annotated[float, typer.Option(metavar="SECONDS", help="For onsets.")] = 0.05,
    offset_tolerance: Annotated[float, typer.Option(metavar="SECONDS", help="For offsets, at the least.")] = 0.05,
    offset_ratio: Annotated[
        float, typer.Option(metavar="RATIO", help="For offsets: of the reference's duration, if that is more.")
    ] = 0.2,
    velocity_tolerance: Annotated[
        float, typer.Option(metavar="RATIO", help="Of the reference's range of velocities.")
    ] = 0.1,
    align: Annotated[bool, typer.Option("--align", help="Remove a constant offset of each estimate.")] = False,
    align_window: Annotated[float, typer.Option(metavar="SECONDS", help="How far off the estimate may be.")] = 5.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write tables, the list of mistakes, and pictures there."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files in DIR that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes; if not given as many as are worth their start."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and the permutation test.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only results and errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tracebacks of errors.")] = False,
) -> None:
    """Score transcriptions against what was played, MIDI against MIDI.

    Folders are matched by relative path and name (.mid and .midi alike). Exit code: 0 all scored, 1 some
    files cannot be read (the others are scored) or nothing matches, 2 wrong usage, 130 interrupted.
    """
    from pianotrans.evaluation import EvaluationSettings, find_pairs

    reporter = Reporter(quiet=quiet, verbose=verbose)
    try:
        if compare:
            _compare(reference, estimate, out, seed, as_json=as_json)
            return
        settings = EvaluationSettings(
            onset_tolerance_s=onset_tolerance,
            offset_ratio=offset_ratio,
            offset_tolerance_s=offset_tolerance,
            velocity_tolerance=velocity_tolerance,
            conventions=_conventions(durations, ref_durations, est_durations),
            align=align,
            align_window_s=align_window,
        )
    except PianotransError as error:
        reporter.error(error)
        raise typer.Exit(SOME_FAILED if compare else WRONG_USAGE) from None
    try:
        if out is not None:
            check_free(out, overwrite=overwrite)
        pairing = find_pairs(reference, estimate)
        evaluation = _score_all(pairing, settings, jobs, reporter)
        _show(evaluation, seed, as_json=as_json)
        if out is not None:
            save(evaluation, out, seed, reporter, overwrite=overwrite)
    except KeyboardInterrupt:
        reporter.error(Cancelled("Interrupted. Nothing half-written is left."))
        raise typer.Exit(INTERRUPTED) from None
    except PianotransError as error:
        reporter.error(error)
        raise typer.Exit(SOME_FAILED) from None
    if evaluation.failures:
        raise typer.Exit(SOME_FAILED)


def _conventions(both: BothSides, reference: OneSide | None, estimate: OneSide | None) -> tuple["Convention", ...]:
    from pianotrans.evaluation import Durations, choose_conventions

    return choose_conventions(
        tuple(Durations) if both is BothSides.both else (Durations(both),),
        Durations(reference) if reference else None,
        Durations(estimate) if estimate else None,
    )


def _score_all(
    pairing: "Pairing", settings: "EvaluationSettings", jobs: int | None, reporter: Reporter
) -> "Evaluation":
    """Score every pair, tell of everything that has no score. Raises EvaluationError if nothing has one."""
    from pianotrans.evaluation import Evaluation, Failure, default_jobs, score_files

    _tell_unmatched(pairing, reporter)
    results = track(
        score_files(pairing.pairs, settings, jobs=jobs or default_jobs(len(pairing.pairs))),
        description="scoring",
        total=len(pairing.pairs),
        console=reporter.console,
        transient=True,
        disable=reporter.quiet or reporter.is_plain,
    )
    by_name = {result.name: result for result in results}
    in_order = [by_name[pair.name] for pair in pairing.pairs]
    failures = tuple(result for result in in_order if isinstance(result, Failure))
    for failure in failures:
        reporter.error(EvaluationError(f"{failure.name}: not scored. {failure.reason}"))
    evaluation = Evaluation(
        settings=settings,
        pieces=tuple(result for result in in_order if not isinstance(result, Failure)),
        reference_only=tuple(map(str, pairing.reference_only)),
        estimate_only=tuple(map(str, pairing.estimate_only)),
        failures=failures,
    )
    if not evaluation.pieces:
        raise EvaluationError(_why_nothing(pairing))
    return evaluation


def _tell_unmatched(pairing: "Pairing", reporter: Reporter) -> None:
    """Never left out, not even with --quiet: scores without these pieces may mislead."""
    for path in pairing.reference_only:
        reporter.console.print(f"no estimate for {path}", markup=False, soft_wrap=True)
    for path in pairing.estimate_only:
        reporter.console.print(f"no reference for {path}", markup=False, soft_wrap=True)


def _why_nothing(pairing: "Pairing") -> str:
    if pairing.pairs:
        return "nothing was scored: every piece has a file that cannot be read. See the lines above."
    n_references, n_estimates = len(pairing.reference_only), len(pairing.estimate_only)
    found = f"nothing to score: {n_references} MIDI files in REF, {n_estimates} in EST, no two of the same path."
    if not n_references or not n_estimates:
        return f"{found} Pass folders that hold .mid or .midi files."
    if pairing.n_same_stem:
        return f"{found} {pairing.n_same_stem} have the same name but lie in other folders below. Move them."
    return f"{found} Name the estimates as the references are."


def _compare(a: Path, b: Path, out: Path | None, seed: int, *, as_json: bool) -> None:
    """Print how two saved evaluations differ; their settings are those they were made with."""
    from pianotrans.commands.evaluation_tables import print_comparison
    from pianotrans.evaluation import compare, load_evaluation

    if out is not None:
        raise EvaluationError("--out: --compare writes no files. Redirect the output of --compare --json.")
    saved_a, saved_b = load_evaluation(a), load_evaluation(b)
    differences = compare(saved_a, saved_b, seed=seed)
    if as_json:
        document = {
            "a": str(a),
            "b": str(b),
            "seed": seed,
            "settings": saved_a.settings.to_dict(),
            "differences": [asdict(one) for one in differences],
        }
        typer.echo(json.dumps(document, indent=1, allow_nan=False))
    else:
        print_comparison(saved_a, saved_b, differences, seed)


def _show(evaluation: "Evaluation", seed: int, *, as_json: bool) -> None:
    """Print the scores on standard output."""
    from pianotrans.commands.evaluation_tables import print_evaluation
    from pianotrans.evaluation import to_dict

    if as_json:
        typer.echo(json.dumps(to_dict(evaluation, seed=seed), indent=1, allow_nan=False))
    else:
        print_evaluation(evaluation, seed)
