"""`pianotrans evaluate`: transcriptions scored against what was played."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluate.saving import check_free, save
from pianotrans.commands.exits import exits
from pianotrans.errors import FAILED, UsageError
from pianotrans.events import Durations
from pianotrans.workers.recipe import Recipe

if TYPE_CHECKING:
    from pianotrans.evaluation import Convention, Evaluation, EvaluationSettings

_DATASET = "Data sets"


class BothSides(StrEnum):
    """How long notes last, on both sides; `both`: scored both ways."""

    keys = Durations.keys
    sounding = Durations.sounding
    both = "both"


def evaluate(
    reference: Annotated[
        Path | None,
        typer.Argument(metavar="REF", show_default=False, help="What was played: a MIDI file, or a folder."),
    ] = None,
    estimate: Annotated[
        Path | None, typer.Argument(metavar="EST", show_default=False, help="What was transcribed: the same.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="REF and EST are the JSON of two evaluations: compare them.")
    ] = False,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset",
            metavar="[LAYOUT] ROOT",
            rich_help_panel=_DATASET,
            help="Transcribe the recordings of this folder, or csv of pairs, and score them.",
        ),
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="maestro|maps|smd|folder|csv",
            rich_help_panel=_DATASET,
            show_default="as it looks",
            help="How its files lie.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=_DATASET, show_default="all", help="One split."),
    ] = None,
    name_filter: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="TEXT", rich_help_panel=_DATASET, help="What holds this in its name, or matches it."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", rich_help_panel=_DATASET, help="The first N of them.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME_OR_FOLDER", rich_help_panel=_DATASET, help="See `pianotrans models list`."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="auto|cpu|cuda|cuda:N|mps",
            rich_help_panel=_DATASET,
            show_default="auto",
            help="Where to compute.",
        ),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="auto|float32|bfloat16|float16",
            rich_help_panel=_DATASET,
            show_default="auto",
            help="Of the network's products: float32 gives the same notes on every machine.",
        ),
    ] = None,
    hop: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            rich_help_panel=_DATASET,
            help="Between the starts of two segments: longer is faster.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Only so much of the beginning of every piece.")
    ] = None,
    durations: Annotated[
        BothSides,
        typer.Option(help="Held keys, or lengthened by the sustain pedal. Both gives both, one below the other."),
    ] = BothSides.both,
    ref_durations: Annotated[
        Durations | None, typer.Option("--ref-durations", help="Of the reference, where it is to differ.")
    ] = None,
    est_durations: Annotated[
        Durations | None, typer.Option("--est-durations", help="Of the estimate, where it is to differ.")
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
        typer.Option("--out", metavar="DIR", help="Write tables, mistakes, pictures and transcriptions there."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files in DIR that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes; if not given one to transcribe, as many as are worth their start to score.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and the permutation test.")] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only results and errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tracebacks of errors.")] = False,
) -> None:
    """Score transcriptions against what was played: MIDI against MIDI, or a whole data set.

    Folders are matched by relative path and name (.mid and .midi alike). With --dataset the recordings are
    transcribed first; with --out as well these are kept, and the same command goes on where it was. Exit code: 0
    all scored, 1 some files cannot be read (the others are scored) or nothing matches, 2 wrong usage, 130
    interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter):
        if dataset is not None and reference is not None and layout is None and _is_layout(dataset):
            dataset, layout, reference = reference, str(dataset), estimate  # --dataset maestro ROOT
            estimate = None
        choices: dict[str, object] = {
            "--layout": layout,
            "--split": split,
            "--filter": name_filter,
            "--limit": limit,
        }
        choices |= {"--model": model, "--device": device, "--precision": precision, "--hop": hop}
        paths = _check_usage(reference, estimate, dataset, choices, compare=compare, out=out)
        if paths is not None and compare:
            from pianotrans.commands.evaluate.compare import compare_saved

            compare_saved(*paths, seed, as_json=as_json)
            return
        settings = _settings(
            conventions=_conventions(durations, ref_durations, est_durations),
            onset_tolerance_s=onset_tolerance,
            offset_ratio=offset_ratio,
            offset_tolerance_s=offset_tolerance,
            velocity_tolerance=velocity_tolerance,
            align=align,
            align_window_s=align_window,
            limit_s=seconds,
        )
        if out is not None:
            check_free(out, overwrite=overwrite)
        if paths is not None:
            from pianotrans.commands.evaluate.midi import score_midi

            evaluation = score_midi(*paths, settings, jobs, reporter)
        elif dataset is not None:
            from pianotrans.commands.evaluate.dataset import Part, Work, score_dataset

            part = Part(dataset, layout, split, name_filter, limit)
            recipe = Recipe(
                formats=("mid", "json"),
                model=model,
                device=device or "auto",
                precision=precision or "auto",
                hop_s=hop,
                limit_s=seconds,
            )
            evaluation = score_dataset(part, recipe, settings, Work(out, overwrite, jobs), reporter)
        _show(evaluation, seed, as_json=as_json)
        if out is not None:
            save(evaluation, out, seed, reporter, overwrite=overwrite)
        if evaluation.failures:
            raise typer.Exit(FAILED)


def _is_layout(given: Path) -> bool:
    from pianotrans.datasets import Layout

    return str(given) in list(Layout)


def _check_usage(
    reference: Path | None,
    estimate: Path | None,
    dataset: Path | None,
    choices: Mapping[str, object],
    *,
    compare: bool,
    out: Path | None,
) -> tuple[Path, Path] | None:
    """REF and EST, or None with a data set. Raises UsageError for options that do not go together."""
    if dataset is not None:
        if compare:
            raise UsageError("compares what was saved. Leave --dataset out.", "compare")
        if reference is not None:
            raise UsageError(f"makes the estimates itself. Leave {reference} out.", "dataset")
        return None
    for option, value in choices.items():
        if value is not None:
            raise UsageError("goes with --dataset only.", option.removeprefix("--"))
    if reference is None or estimate is None:
        raise UsageError("two paths are needed, REF and EST, or --dataset ROOT.")
    if compare and out is not None:
        raise UsageError("--compare writes no files. Redirect the output of --compare --json.", "out")
    return reference, estimate


def _settings(**given: Any) -> "EvaluationSettings":
    from pianotrans.evaluation import EvaluationSettings

    return EvaluationSettings(**given)


def _conventions(
    both: BothSides, reference: Durations | None, estimate: Durations | None
) -> tuple["Convention", ...]:
    from pianotrans.evaluation import choose_conventions

    on_both = tuple(Durations) if both is BothSides.both else (Durations(both),)
    return choose_conventions(on_both, reference, estimate)


def _show(evaluation: "Evaluation", seed: int, *, as_json: bool) -> None:
    """Print the scores on standard output."""
    from pianotrans.commands.evaluate.tables import print_evaluation
    from pianotrans.evaluation import to_dict

    if as_json:
        typer.echo(json.dumps(to_dict(evaluation, seed=seed), indent=1, allow_nan=False))
    else:
        print_evaluation(evaluation, seed)
