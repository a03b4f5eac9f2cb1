"""`pianotrans transcribe`: its options, and the choice between single recordings and a collection."""

from pathlib import Path
from typing import Annotated

import typer

from pianotrans.audio import Reading
from pianotrans.batch import Destination, Options
from pianotrans.commands import options, receiving, scoring
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.transcribe.collection import cluster_pools, transcribe_collection
from pianotrans.commands.transcribe.one_by_one import transcribe_one_by_one
from pianotrans.commands.transcribe.planning import make_plan
from pianotrans.errors import FAILED, UsageError
from pianotrans.events import Cleaning
from pianotrans.extras import require
from pianotrans.workers.formats import DEFAULT_FORMAT, FORMATS
from pianotrans.workers.recipe import Recipe

_COLLECTIONS = "Collections: a folder with -o FOLDER"
_CLEANING = "Clean-up (off by default)"


def transcribe(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT…", help="Recordings or folders of recordings; paths, URLs, or - for standard input."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Write to this file, folder or URL, or to standard output if -.",
            show_default="beside each input",
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar=",".join(FORMATS),
            help="Formats to write. html is a page that shows and plays the transcription; musicxml, svg and pdf "
            "are sheet music.",
            show_default=DEFAULT_FORMAT,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    receiver: receiving.For = None,
    durations: receiving.DurationsOption = None,
    pedal: receiving.WithPedal = None,
    midi_format: receiving.FormatOfMidi = None,
    repeat_gap: receiving.RepeatGap = None,
    max_duration: receiving.MaxDuration = None,
    pedal_lift: receiving.PedalLift = None,
    model: options.Model = None,
    quality: options.Quality = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    hop: options.Hop = None,
    start: options.Start = 0.0,
    end: options.End = None,
    from_zero: Annotated[
        bool, typer.Option("--from-zero", help="With --start: let times in the output begin at 0.")
    ] = False,
    track: options.Track = None,
    tuning: options.Tuning = "auto",
    pedal_bias: options.PedalBias = 0.0,
    declip: options.Declip = True,
    allow_damaged: options.AllowDamaged = False,
    confidence: Annotated[
        bool,
        typer.Option(
            "--confidence/--no-confidence",
            help="Compute the probability of every note and pedal, for json, csv and html.",
        ),
    ] = True,
    bpm: scoring.Bpm = None,
    time_signature: scoring.TimeSignatures = None,
    downbeat_at: scoring.DownbeatAt = None,
    pickup: scoring.Pickup = None,
    key: scoring.Key = None,
    half_tempo: scoring.HalfTempo = False,
    double_tempo: scoring.DoubleTempo = False,
    swing: scoring.Swing = False,
    grid: scoring.Grid = None,
    beats: scoring.Beats = None,
    hands: scoring.Hands = None,
    tempo: scoring.Tempo = None,
    tempo_per: scoring.TempoChanges = None,
    quantize: scoring.Quantize = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            rich_help_panel=_COLLECTIONS,
            help="Number of processes, which share the cores (1 GB each); on a cluster, workers per node.",
            show_default="1; on a cluster, one for every 4 cores",
        ),
    ] = None,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", rich_help_panel=_COLLECTIONS, help="Retry recordings that failed in an earlier run."
        ),
    ] = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="auto|HOST:PORT|ray://…|local",
            rich_help_panel=_COLLECTIONS,
            help="Use the workers of a Ray cluster; all its nodes must see the recordings.",
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            rich_help_panel=_COLLECTIONS,
            help="Keep the ledger of finished work here, for an output at a URL.",
            show_default="in the user's state folder",
        ),
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option(metavar="0…1", rich_help_panel=_CLEANING, help="Drop less probable notes."),
    ] = 0.0,
    min_onset_confidence: Annotated[
        float,
        typer.Option(metavar="0…1", rich_help_panel=_CLEANING, help="Drop notes with a less probable onset."),
    ] = 0.0,
    min_velocity: Annotated[
        int, typer.Option(metavar="1…127", rich_help_panel=_CLEANING, help="Drop quieter notes.")
    ] = 0,
    min_duration: Annotated[
        float, typer.Option(metavar="SECONDS", rich_help_panel=_CLEANING, help="Drop shorter notes.")
    ] = 0.0,
    join_gap: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            rich_help_panel=_CLEANING,
            help="Join notes of the same key separated by less than this, unless the later one is louder.",
        ),
    ] = 0.0,
    pedal_gap: Annotated[
        float,
        typer.Option(metavar="SECONDS", rich_help_panel=_CLEANING, help="Ignore pedal lifts shorter than this."),
    ] = 0.0,
    velocity_curve: Annotated[
        float,
        typer.Option(
            metavar="EXPONENT",
            rich_help_panel=_CLEANING,
            help="Bend velocities: below 1 makes notes louder, above 1 softer.",
        ),
    ] = 1.0,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Transcribe piano recordings to MIDI.

    Writes song.mid beside song.mp3, or to the output given with -o. You can interrupt the transcription of a folder
    with -o FOLDER at any time: run the same command again to continue. Exit codes: 0 all done, 1 some inputs failed
    (the others were written), 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Finished outputs are complete; no partial files are left."):
        model = options.choose_model(model, quality)
        if (min_confidence or min_onset_confidence) and not confidence:
            raise UsageError("cannot be used with --no-confidence.", "min_confidence", "min_onset_confidence")
        fitting, midi = receiving.receiver_settings(
            receiver,
            midi_format=midi_format,
            durations=durations,
            pedal=pedal,
            repeat_gap=repeat_gap,
            max_duration=max_duration,
            pedal_lift=pedal_lift,
            tempo=tempo,
            tempo_per=tempo_per,
            quantize=quantize,
            hands=hands,
        )
        with reporter.waiting("Looking for recordings …"):
            plan = make_plan(inputs, output, formats or [], with_sounding=durations == "both")
        if any(FORMATS[name].is_engraved for name in plan.formats):
            require("score")
        recipe = Recipe(
            formats=plan.formats,
            fitting=fitting,
            model=model,
            device=device,
            precision=precision,
            hop_s=hop,
            tuning=tuning,
            pedal_bias=pedal_bias,
            declip=declip,
            reading=Reading(start, end, track, allow_damaged=allow_damaged, from_zero=from_zero),
            confidence=confidence,
            scoring=scoring.score_settings(
                bpm=bpm,
                time_signature=time_signature,
                downbeat_at=downbeat_at,
                pickup=pickup,
                key=key,
                half_tempo=half_tempo,
                double_tempo=double_tempo,
                swing=swing,
                grid=grid,
                beats=beats,
                hands=hands,
            ),
            midi=midi,
            cleaning=Cleaning(
                min_confidence=min_confidence,
                min_onset_confidence=min_onset_confidence,
                min_velocity=min_velocity,
                min_duration_s=min_duration,
                join_gap_s=join_gap,
                pedal_gap_s=pedal_gap,
                velocity_exponent=velocity_curve,
            ),
        )
        if plan.collection is not None:
            how = Options(overwrite=overwrite, retry_failed=retry_failed, n_jobs=jobs or 1)
            make_pool = None if cluster is None else cluster_pools(cluster, jobs, plan.items)
            to = Destination(plan.collection, ledger)
            n_failed = transcribe_collection(plan, to, recipe, how, reporter, make_pool)
        else:
            of_collections = {"n_jobs": (jobs or 1) > 1, "retry_failed": retry_failed}
            of_collections |= {"cluster": cluster is not None, "ledger": ledger is not None}
            if any(of_collections.values()):
                given = [setting for setting, is_given in of_collections.items() if is_given]
                raise UsageError("only for folders of recordings with -o FOLDER.", *given)
            n_failed = transcribe_one_by_one(plan, recipe, reporter, overwrite=overwrite)
        if n_failed:
            raise typer.Exit(FAILED)
