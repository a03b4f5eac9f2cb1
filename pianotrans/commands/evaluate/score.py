"""`pianotrans evaluate score`: scores of performances against the true ones, or two score files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import AsJson, Jobs, Quiet, Verbose
from pianotrans.commands.streams import print_line
from pianotrans.errors import FAILED, UsageError

_DATASET = "Data set"


def score(
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="Folder of the data set (n)ASAP, or a true score (MusicXML).")
    ],
    estimate: Annotated[
        Path | None, typer.Argument(metavar="[ESTIMATE]", help="Score to compare with a true score (MusicXML).")
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=_DATASET, help="Measure this split, or all.")
    ] = "test",
    one_each: Annotated[
        bool,
        typer.Option("--one-each", rich_help_panel=_DATASET, help="Measure one performance of each composition."),
    ] = False,
    name_filter: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="TEXT",
            rich_help_panel=_DATASET,
            help="Measure only performances whose name contains or matches TEXT.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            rich_help_panel=_DATASET,
            help="Measure only the first N performances.",
            show_default="all",
        ),
    ] = None,
    hints: Annotated[
        str,
        typer.Option(
            metavar="KIND,…",
            rich_help_panel=_DATASET,
            help="What is told of each performance: none, bpm, bpm-off (20 % too fast), bpm+meter, meter, downbeat "
            "(one in the middle), or beats (all of them). Several kinds are measured side by side.",
        ),
    ] = "none",
    transcribed: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=_DATASET,
            help="Make scores of transcriptions instead: NAME.mid or NAME.json for each performance.",
        ),
    ] = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make scores of annotated performances and measure them, or compare two score files.

    With a data set: beats, signatures, hands, spelling, rhythm and MV2H, and how many signs there are to read. With
    two files: MV2H at a steady tempo, and the signs. Exit codes: 0 all measured, 1 some performances or files
    cannot be read (the others are measured), 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was written."):
        if estimate is not None:
            _compare(truth, estimate, as_json=as_json)
            return
        if not truth.is_dir():
            raise UsageError(f"{truth}: is no folder. Give that of (n)ASAP, or two score files.")
        from pianotrans.commands.evaluate.score_tables import print_scores
        from pianotrans.commands.evaluate.showing import show_evaluation
        from pianotrans.evaluation.score import evaluate_scores, parse_hint_kinds

        with show_evaluation(reporter) as watcher:
            evaluation = evaluate_scores(
                truth,
                split=None if split == "all" else split,
                one_each=one_each,
                name_filter=name_filter,
                n_at_most=limit,
                hints=parse_hint_kinds(hints),
                transcribed=transcribed,
                n_jobs=jobs,
                watcher=watcher,
            )
        if as_json:
            print_line(json.dumps(evaluation.to_dict(), indent=1, allow_nan=False))
        else:
            print_scores(evaluation)
        if evaluation.failures:
            raise typer.Exit(FAILED)


def _compare(truth: Path, estimate: Path, *, as_json: bool) -> None:
    from pianotrans.commands.evaluate.score_tables import print_files
    from pianotrans.evaluation.score import compare_score_files

    comparison = compare_score_files(truth, estimate)
    if as_json:
        print_line(json.dumps(comparison.to_dict(), indent=1, allow_nan=False))
    else:
        print_files(comparison)
