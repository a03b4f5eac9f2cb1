"""`pianotrans apply`: a transcription with the edits that were made in the page."""

from pathlib import Path
from typing import Annotated

import typer

from pianotrans.commands import receiving, scoring
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import Overwrite, Quiet, Verbose
from pianotrans.commands.targets import check_targets, choose_targets, write_targets
from pianotrans.edits import apply_edits, load_edits
from pianotrans.errors import UsageError
from pianotrans.events import PERFORMANCE_SUFFIXES, load_performance
from pianotrans.workers.formats import FORMATS, Heard

_DEFAULT_FORMAT = "mid"


def apply(
    edits_file: Annotated[
        Path, typer.Argument(metavar="EDITS", help="Edits that the page or the server kept: JSON.")
    ],
    source: Annotated[
        Path, typer.Argument(metavar="SONG", help="The JSON of a transcription, by any settings, or MIDI.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="OUT", help="File or folder to write to.", show_default="SONG.mid beside SONG"
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            help="Formats to write, separated by commas; svg and pdf need the extra `score`, html needs --audio.",
            show_default="by the suffix of OUT, or mid",
        ),
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The recording of SONG, which a page in html contains.")
    ] = None,
    receiver: receiving.For = None,
    durations: receiving.DurationsOption = None,
    pedal: receiving.WithPedal = None,
    midi_format: receiving.FormatOfMidi = None,
    repeat_gap: receiving.RepeatGap = None,
    max_duration: receiving.MaxDuration = None,
    pedal_lift: receiving.PedalLift = None,
    hands: scoring.Hands = None,
    tempo: scoring.Tempo = None,
    tempo_per: scoring.TempoChanges = None,
    quantize: scoring.Quantize = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Apply edits to a transcription, and write it in any format.

    The song may have been transcribed anew, with other settings: an edited note is found by its key and by its
    onset within 50 ms. Edits that find no note are listed as warnings, and all others are applied. What the edits
    say of beats, meter, key and hands is taken as true. Exit codes: 0 done, also with such warnings, 1 something
    cannot be read or written, 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was written."):
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
        targets = choose_targets(source, output, formats or [], _DEFAULT_FORMAT, with_sounding=durations == "both")
        _check_audio(targets, audio)
        check_targets(targets, overwrite=overwrite)
        if source.suffix.lower() not in PERFORMANCE_SUFFIXES:
            raise UsageError(
                f"{source.name}: not a name in {', '.join(PERFORMANCE_SUFFIXES)}. Transcribe it first."
            )
        edits = load_edits(edits_file)
        applied = apply_edits(load_performance(source, say=reporter.say), edits)
        with reporter.waiting("Writing …"):
            heard = Heard(
                applied.performance,
                audio or source,
                scoring=applied.score_settings(scoring.score_settings(hands=hands)),
                midi=midi,
                fitting=fitting,
                heading=edits.said.title or source.stem,
                beats_in=applied.transcribed,
            )
            contents = {path: FORMATS[name].encode(heard) for name, path in targets.items()}
        write_targets(contents, overwrite=overwrite)
        for conflict in applied.conflicts:
            reporter.warn(conflict.text)
        n, rest = edits.n_edits, len(applied.conflicts)
        how_many = f"{applied.n_applied} of {n} edit{'' if n == 1 else 's'} of notes and pedals applied"
        reporter.say(f"{how_many}{f', {rest} not' if rest else ''}. Written to {', '.join(map(str, contents))}")


def _check_audio(targets: dict[str, Path], audio: Path | None) -> None:
    wrong = [name for name in targets if FORMATS[name].needs_audio]
    if wrong and audio is None:
        raise UsageError(f"{wrong[0]} contains the recording. Name it with --audio.", "format")
