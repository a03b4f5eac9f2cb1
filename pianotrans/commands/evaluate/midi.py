"""`pianotrans evaluate midi`: MIDI against MIDI."""

from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.evaluate import options as scoring
from pianotrans.commands.evaluate.options import BothSides, make_settings
from pianotrans.commands.exits import exits
from pianotrans.commands.options import AsJson, Jobs, Overwrite, Quiet, Seed, Verbose


def midi(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="What was played: a MIDI file or a folder.")],
    estimate: Annotated[Path, typer.Argument(metavar="EST", help="What was transcribed: a file or a folder.")],
    durations: scoring.Conventions = BothSides.both,
    ref_durations: scoring.RefDurations = None,
    est_durations: scoring.EstDurations = None,
    onset_tolerance: scoring.OnsetTolerance = 0.05,
    offset_tolerance: scoring.OffsetTolerance = 0.05,
    offset_ratio: scoring.OffsetRatio = 0.2,
    velocity_tolerance: scoring.VelocityTolerance = 0.1,
    align: scoring.Align = False,
    align_window: scoring.AlignWindow = 5.0,
    seconds: scoring.Seconds = None,
    sanity: scoring.Sanity = False,
    detail: scoring.Detail = False,
    output: scoring.Output = None,
    overwrite: Overwrite = False,
    jobs: Jobs = None,
    as_json: AsJson = False,
    seed: Seed = 0,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Score transcriptions against what was played: two MIDI files, or two folders of them.

    Folders are matched by relative path and name (.mid, .midi and .rmi alike). Exit codes: 0 all scored, 1 some
    files cannot be read (the others are scored) or nothing matches, 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter):
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
            limit_s=seconds,
        )
        from pianotrans.commands.evaluate.showing import check_output, finish, show_evaluation
        from pianotrans.evaluation import score_midi

        check_output(output, overwrite=overwrite)
        with show_evaluation(reporter) as watcher:
            evaluation = score_midi(reference, estimate, settings, n_jobs=jobs, sanity=sanity, watcher=watcher)
        finish(evaluation, output, reporter, overwrite=overwrite, as_json=as_json, seed=seed, detail=detail)
