"""`pianotrans transcribe`: recordings in, MIDI out."""

from pathlib import Path
from typing import Annotated

import typer

from pianotrans.batch import Options
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.transcribe.collection import Destination, cluster_pools, transcribe_collection
from pianotrans.commands.transcribe.one_by_one import transcribe_one_by_one
from pianotrans.commands.transcribe.outputs import collection_folder, parse_formats, plan_jobs
from pianotrans.commands.transcribe.summary import show_summary
from pianotrans.errors import FAILED, UsageError
from pianotrans.events import Cleaning, Durations
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import parse_address

_CLEANING = "Clean-up, off unless asked for"


def transcribe(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT…", help="Recordings, or folders of them; paths or URLs.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A file, a folder or its URL, or - for standard output.",
            show_default="beside each input",
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="mid,json,csv,html",
            help="What to write; html is a page to see and hear it.",
            show_default="mid",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
    pedal: Annotated[bool, typer.Option("--pedal/--no-pedal", help="Write the pedals.")] = True,
    durations: Annotated[
        Durations,
        typer.Option(
            help="As long as the keys were held, or lengthened by the sustain pedal and written without it."
        ),
    ] = Durations.keys,
    model: Annotated[
        str | None, typer.Option(metavar="NAME_OR_FOLDER", help="See `pianotrans models list`.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where to compute.")] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            metavar="auto|float32|bfloat16|float16",
            help="Of the network's products: float32 gives the same notes on every machine, auto fewer bits where "
            "that is several times as fast.",
        ),
    ] = "auto",
    hop: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Between the starts of two segments: longer is faster."),
    ] = None,
    allow_truncated: Annotated[
        bool, typer.Option("--allow-truncated", help="Take what can be decoded of damaged files.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes that share the cores, 1 GB each, for a folder with -o FOLDER: one unless said, "
            "on a cluster one for every 4 cores.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|ray://…|local",
            help="Spread a folder with -o FOLDER over the nodes of a Ray cluster, which must all see it.",
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Of a folder, try again what failed in an earlier run.")
    ] = False,
    ledger: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="With -o URL: where to keep note of what is done.",
            show_default="a folder of the user's",
        ),
    ] = None,
    confidence: Annotated[
        bool,
        typer.Option(
            "--confidence/--no-confidence",
            help="Say in json and csv how probable every note and pedal is, and its onset alone.",
        ),
    ] = True,
    min_confidence: Annotated[
        float,
        typer.Option(metavar="0…1", rich_help_panel=_CLEANING, help="Drop notes that are less probable."),
    ] = 0.0,
    min_onset_confidence: Annotated[
        float,
        typer.Option(
            metavar="0…1", rich_help_panel=_CLEANING, help="Drop notes whose onset is, wherever they may end."
        ),
    ] = 0.0,
    min_velocity: Annotated[
        int, typer.Option(metavar="1…127", rich_help_panel=_CLEANING, help="Drop notes that are quieter.")
    ] = 0,
    min_duration: Annotated[
        float, typer.Option(metavar="SECONDS", rich_help_panel=_CLEANING, help="Drop notes that are shorter.")
    ] = 0.0,
    join_gap: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            rich_help_panel=_CLEANING,
            help="Join notes of a key that lie closer together, unless the later one is louder.",
        ),
    ] = 0.0,
    pedal_gap: Annotated[
        float,
        typer.Option(metavar="SECONDS", rich_help_panel=_CLEANING, help="Keep pedals down that are up for less."),
    ] = 0.0,
    repeat_gap: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            rich_help_panel=_CLEANING,
            help="End every note so long before its key is struck again, for player pianos.",
        ),
    ] = 0.0,
    velocity_curve: Annotated[
        float,
        typer.Option(
            metavar="EXPONENT",
            rich_help_panel=_CLEANING,
            help="Bend velocities: below 1 soft notes become louder, above 1 softer.",
        ),
    ] = 1.0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Details, and tracebacks of errors.")] = False,
) -> None:
    """Transcribe piano recordings to MIDI.

    song.mp3 becomes song.mid beside it, or where -o says. A folder with -o FOLDER can be interrupted at any
    moment: the same command goes on where it was. Exit code: 0 all done, 1 some inputs failed (the others were
    written), 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Finished outputs are complete; nothing half-written is left."):
        if (min_confidence or min_onset_confidence) and not confidence:
            raise UsageError("nothing to go by with --no-confidence.", "min_confidence")
        asked_for = parse_formats(formats or [])
        recipe = Recipe(
            formats=asked_for or ("mid",),
            pedal=pedal,
            sounding=durations is Durations.sounding,
            model=model,
            device=device,
            precision=precision,
            hop_s=hop,
            allow_truncated=allow_truncated,
            confidence=confidence,
            cleaning=Cleaning(
                min_confidence=min_confidence,
                min_onset_confidence=min_onset_confidence,
                min_velocity=min_velocity,
                min_duration_s=min_duration,
                join_gap_s=join_gap,
                pedal_gap_s=pedal_gap,
                repeat_gap_s=repeat_gap,
                velocity_exponent=velocity_curve,
            ),
        )
        out = None if output is None else parse_address(output)
        planned = list(plan_jobs([parse_address(given) for given in inputs], out, asked_for))
        if folder := collection_folder(planned, out):
            options = Options(overwrite=overwrite, retry_failed=retry_failed, n_jobs=jobs or 1)
            make_pool = None if cluster is None else cluster_pools(cluster, jobs, planned)
            to = Destination(folder, ledger)
            n_failed = transcribe_collection(planned, to, recipe, options, reporter, make_pool)
            raise typer.Exit(FAILED if n_failed else 0)
        if (jobs or 1) > 1 or retry_failed or cluster is not None or ledger is not None:
            raise UsageError(
                "for folders of recordings with -o FOLDER only.",
                "jobs",
                "retry_failed",
                "cluster",
                "ledger",
            )
        done, n_failed = transcribe_one_by_one(planned, recipe, reporter, overwrite=overwrite)
    if done and not quiet:
        show_summary(done, reporter)
    if n_failed:
        if len(planned) > 1:
            reporter.say(f"{n_failed} of {len(planned)} inputs failed.")
        raise typer.Exit(FAILED)
