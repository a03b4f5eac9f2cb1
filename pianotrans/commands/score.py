"""`pianotrans score`: a performance as sheet music, corrected by what the user knows of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.audio import Reading
from pianotrans.commands import receiving, scoring
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import (
    Device,
    End,
    Model,
    Overwrite,
    Precision,
    Quality,
    Quiet,
    Start,
    Track,
    Tuning,
    Verbose,
    choose_model,
)
from pianotrans.commands.targets import check_targets, choose_targets, write_targets
from pianotrans.errors import UsageError
from pianotrans.events import PERFORMANCE_SUFFIXES, load_performance
from pianotrans.workers.formats import FORMATS, Heard

if TYPE_CHECKING:
    from pianotrans.score.score import Score

_DEFAULT_FORMAT = "musicxml"
_LABEL_SUFFIXES = (".txt", ".lab")


def score(
    source: Annotated[
        Path, typer.Argument(metavar="SONG", help="A MIDI file, the JSON of a transcription, or a recording.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="File or folder to write to.",
            show_default="SONG.musicxml beside SONG",
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="musicxml,svg,pdf,mid,json",
            help="Formats to write; svg and pdf need the extra `score`.",
            show_default="by the suffix of OUT, or musicxml",
        ),
    ] = None,
    write_beats: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write the beats, to edit and to give back with --beats: .csv, or .txt for Audacity.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Title of the score.", show_default="the name of SONG")
    ] = None,
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
    start: Start = 0.0,
    end: End = None,
    track: Track = None,
    tuning: Tuning = "auto",
    model: Model = None,
    quality: Quality = None,
    device: Device = "auto",
    precision: Precision = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write a performance as a score: MusicXML, or engraved pages as SVG or PDF.

    A recording is transcribed first. Beats, bars, hands, rhythm, key and voices are found; what you know of them,
    as --bpm or --downbeat-at, is taken as true, and the rest follows from it. Exit codes: 0 done, 1 something
    cannot be read or written, 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was written."):
        model = choose_model(model, quality)
        settings = scoring.score_settings(
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
        )
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
        _check(targets, write_beats, overwrite=overwrite)
        if source.suffix.lower() in PERFORMANCE_SUFFIXES:
            performance = load_performance(source, say=reporter.say)
        else:
            from pianotrans.commands.single_worker import transcribe_first
            from pianotrans.workers.recipe import Recipe

            recipe = Recipe(
                model=model, device=device, precision=precision, tuning=tuning, reading=Reading(start, end, track)
            )
            performance = transcribe_first(source, recipe, reporter)
        with reporter.waiting("Making the score …"):
            heard = Heard(performance, source, scoring=settings, midi=midi, heading=title, fitting=fitting)
            contents = {path: FORMATS[name].encode(heard) for name, path in targets.items()}
        made = heard.score
        assert made is not None
        if write_beats is not None:
            contents[write_beats] = _beats(made, write_beats)
        write_targets(contents, overwrite=overwrite)
        for remark in made.performance.remarks:
            reporter.say(f"{source.name}: {remark.text}")
        reporter.say(f"{describe(made)}. Written to {', '.join(map(str, contents))}")


def describe(score: "Score") -> str:
    """What a score is, in a line: bars, meter, key and tempo, and how certain the beats are."""
    n_bars = sum(measure.number > 0 for measure in score.measures)
    if not score.is_found:
        n_notes = len(score.notes)
        return f"{n_notes} note{'' if n_notes == 1 else 's'}, without beats"
    meters = list(dict.fromkeys(str(measure.time_signature) for measure in score.measures))
    keys = list(dict.fromkeys(measure.key_signature.name for measure in score.measures))
    tempo = f"{score.grid.bpm:.0f} beats a minute, certainty {score.grid.certainty:.2f}"
    return f"{n_bars} bars in {_few(meters)}, {_few(keys)}, {tempo}"


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _check(targets: dict[str, Path], write_beats: Path | None, *, overwrite: bool) -> None:
    """Refuse early what cannot be written."""
    if wrong := [name for name in targets if FORMATS[name].needs_audio]:
        raise UsageError(
            f"{wrong[0]} contains the recording. Use `pianotrans transcribe --format {wrong[0]}`.", "format"
        )
    if write_beats is not None and write_beats.suffix.lower() not in (".csv", *_LABEL_SUFFIXES):
        raise UsageError(f"{write_beats}: not a name in .csv or .txt.", "write_beats")
    check_targets(targets, [write_beats] if write_beats else [], overwrite=overwrite)


def _beats(score: "Score", path: Path) -> bytes:
    from pianotrans.score.beats.text import beat_labels, beats_csv

    to_text = beat_labels if path.suffix.lower() in _LABEL_SUFFIXES else beats_csv
    return to_text(score.grid).encode()
