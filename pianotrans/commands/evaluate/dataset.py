"""`pianotrans evaluate dataset`: the recordings of a data set transcribed, and scored by its MIDI."""

from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluate import options as scoring
from pianotrans.commands.evaluate.options import BothSides, make_settings
from pianotrans.commands.exits import exits
from pianotrans.commands.options import (
    AsJson,
    Declip,
    Device,
    Hop,
    Jobs,
    Layout,
    Model,
    Overwrite,
    PedalBias,
    Precision,
    Quality,
    Quiet,
    Seed,
    Tuning,
    Verbose,
    choose_model,
)
from pianotrans.commands.transcribe.collection import GO_ON


def dataset(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="Folder of the data set, or a csv of pairs.")],
    layout: Layout = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Score only this split.", show_default="all")
    ] = None,
    name_filter: Annotated[
        str | None,
        typer.Option("--filter", metavar="TEXT", help="Score only recordings whose name contains or matches TEXT."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Score only the first N recordings.", show_default="all")
    ] = None,
    model: Model = None,
    quality: Quality = None,
    device: Device = "auto",
    precision: Precision = "auto",
    hop: Hop = None,
    tuning: Tuning = "auto",
    pedal_bias: PedalBias = 0.0,
    declip: Declip = True,
    durations: scoring.Conventions = BothSides.both,
    ref_durations: scoring.RefDurations = None,
    est_durations: scoring.EstDurations = None,
    onset_tolerance: scoring.OnsetTolerance = 0.05,
    offset_tolerance: scoring.OffsetTolerance = 0.05,
    offset_ratio: scoring.OffsetRatio = 0.2,
    velocity_tolerance: scoring.VelocityTolerance = 0.1,
    align: scoring.Align = False,
    align_window: scoring.AlignWindow = 5.0,
    start: scoring.Start = 0.0,
    end: scoring.End = None,
    seconds: scoring.Seconds = None,
    sanity: scoring.Sanity = False,
    degrade: scoring.Degrade = None,
    detail: scoring.Detail = False,
    output: scoring.Output = None,
    overwrite: Overwrite = False,
    jobs: Jobs = None,
    as_json: AsJson = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Transcribe the recordings of a data set and score them against its MIDI.

    With -o FOLDER the transcriptions are kept, and the same command continues an earlier run. Exit codes: 0
    all scored, 1 some files cannot be read (the others are scored), 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, f"{GO_ON if output else ''} Nothing half-written is left.".lstrip()):
        model = choose_model(model, quality)
        settings = make_settings(
            durations,
            ref_durations,
            est_durations,
            onset_tolerance_s=onset_tolerance,
            offset_ratio=offset_ratio,
            offset_tolerance_s=offset_tolerance,
            velocity_tolerance=velocity_tolerance,
            align=align,
            align_window_s=align_window,
            start_s=start,
            limit_s=scoring.length_of_part(start, end, seconds),
        )
        from pianotrans.audio.degradation import parse_degradations
        from pianotrans.batch.evaluation import evaluate_dataset
        from pianotrans.commands.evaluate.showing import check_output, finish, show_evaluation
        from pianotrans.workers.recipe import Recipe

        degradations = () if degrade is None else parse_degradations(degrade)
        check_output(output, overwrite=overwrite)
        if output is None:
            reporter.say("The transcriptions are not kept. With -o FOLDER a later run uses them again.")
        with show_evaluation(reporter) as watcher:
            evaluation = evaluate_dataset(
                root,
                layout=layout,
                split=split,
                name_filter=name_filter,
                n_at_most=limit,
                recipe=Recipe(
                    model=model,
                    device=device,
                    precision=precision,
                    hop_s=hop,
                    tuning=tuning,
                    pedal_bias=pedal_bias,
                    declip=declip,
                ),
                settings=settings,
                output=output,
                overwrite=overwrite,
                n_jobs=jobs,
                sanity=sanity,
                degradations=degradations,
                seed=seed,
                watcher=watcher,
            )
        if evaluation.failures:
            n_pieces, n_failures = len(evaluation.pieces), len(evaluation.failures)
            reporter.say(f"{n_pieces} of {n_pieces + n_failures} recordings scored.")
        finish(evaluation, output, reporter, overwrite=overwrite, as_json=as_json, seed=seed, detail=detail)
