"""`pianotrans view`: a performance as a picture."""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.audio import Reading, open_audio
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.options import (
    Device,
    End,
    Model,
    Overwrite,
    Quality,
    Quiet,
    Start,
    Track,
    Tuning,
    Verbose,
    choose_model,
)
from pianotrans.errors import OutputError, UsageError
from pianotrans.events import PERFORMANCE_SUFFIXES, load_performance
from pianotrans.views import PICTURE_FORMATS

if TYPE_CHECKING:
    from pianotrans.events import Performance
    from pianotrans.views import Comparison, KeySpectrum

_ONSET_TOLERANCE_S = 0.05  # the literature's


def view(
    source: Annotated[
        Path, typer.Argument(metavar="SONG", help="A MIDI file, the JSON of a transcription, or a recording.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PICTURE",
            help="File to draw to, in .png, .svg or .pdf.",
            show_default="SONG.png beside SONG",
        ),
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the spectrogram of this recording of SONG behind it.")
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="REF",
            help="Colour the notes as matched, missed or extra against what was played: MIDI, or JSON.",
        ),
    ] = None,
    start: Start = 0.0,
    end: End = None,
    track: Track = None,
    tuning: Tuning = "auto",
    model: Model = None,
    quality: Quality = None,
    device: Device = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw a piano roll: velocity as colour, confidence as opacity, pedals below, the spectrogram behind.

    A recording is transcribed first, from --start to --end, and its own spectrogram is drawn behind. Long pieces
    are drawn in rows, like the systems of a score. Exit codes: 0 done, 1 something cannot be read or written, 2
    wrong usage, 130 interrupted.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was written."):
        target = output or source.with_suffix(".png")
        reading, model = Reading(start, end, track), choose_model(model, quality)
        _check_usage(target, overwrite=overwrite)
        from pianotrans.files import write_atomically
        from pianotrans.views import draw_roll

        reference = None if compare is None else load_performance(compare, say=reporter.say)
        if source.suffix.lower() in PERFORMANCE_SUFFIXES:
            performance = load_performance(source, say=reporter.say)
        else:
            performance = _transcribe(source, reading, model, device, tuning, reporter)
            audio = audio or source
        spectrum = None if audio is None else _spectrum(audio, reading if audio == source else Reading(start, end))
        _check_start(performance, start)
        picture = draw_roll(
            performance,
            target.suffix.lower().removeprefix("."),
            title=source.stem,
            spectrum=spectrum,
            comparison=None if reference is None else _comparison(reference, performance, start, end),
            start_s=start,
            end_s=end,
        )
        write_atomically(target, picture, overwrite=overwrite)
        reporter.say(f"The picture is in {target}")


def _check_usage(target: Path, *, overwrite: bool) -> None:
    """Refuse early, before a recording is transcribed, what cannot become a picture."""
    if target.suffix.lower().removeprefix(".") not in PICTURE_FORMATS:
        raise UsageError(f"{target}: not a name in .png, .svg or .pdf.", "output")
    if target.exists() and not overwrite:
        raise OutputError(f"{target}: already exists. Pass --overwrite to replace it.")
    if not target.parent.is_dir():
        raise OutputError(f"{target}: the folder {target.parent} does not exist. Create it, or choose another.")


def _check_start(performance: "Performance", start_s: float) -> None:
    if start_s > 0 and start_s >= performance.end_s:
        raise UsageError(f"{start_s:g} s is after the music's end at {performance.end_s:.1f} s.", "start")


def _transcribe(
    source: Path, reading: Reading, model: str | None, device: str, tuning: str, reporter: Reporter
) -> "Performance":
    from pianotrans.commands.single_worker import transcribe_first
    from pianotrans.workers.recipe import Recipe

    recipe = Recipe(model=model, device=device, tuning=tuning, reading=reading)
    performance = transcribe_first(source, recipe, reporter)
    for remark in performance.remarks:
        reporter.say(f"{source.name}: {remark.text}")
    return performance


def _spectrum(audio: Path, reading: Reading) -> "KeySpectrum":
    """The spectrum of a recording, which another process decodes: a damaged one may crash it."""
    from pianotrans.processes import Death, run_apart

    spectrum = run_apart(partial(_spectrum_of, reading=reading), audio)
    if isinstance(spectrum, Death):
        raise spectrum.error(str(audio))
    return spectrum


def _spectrum_of(audio: Path, reading: Reading) -> "KeySpectrum":
    from pianotrans.views import key_spectrum

    with open_audio(audio, reading) as reader:
        return key_spectrum(reader.blocks(), reader.info.sample_rate, reading.start_s)


def _comparison(
    reference: "Performance", estimate: "Performance", start_s: float, end_s: float | None
) -> "Comparison":
    """Which notes match, as `evaluate` matches them, among those that begin in the stretch that is drawn."""
    from pianotrans.evaluation.matching import match_events
    from pianotrans.evaluation.tables import EventTable
    from pianotrans.views import Comparison

    reference = _beginning_between(reference, start_s, end_s)
    estimate = _beginning_between(estimate, start_s, end_s)
    pairs = match_events(
        EventTable.of_notes(reference), EventTable.of_notes(estimate), onset_tolerance_s=_ONSET_TOLERANCE_S
    )
    of_reference, of_estimate = _table_order(reference), _table_order(estimate)
    return Comparison.of(reference, estimate, [(of_reference[a], of_estimate[b]) for a, b in pairs])


def _beginning_between(performance: "Performance", start_s: float, end_s: float | None) -> "Performance":
    """Only the notes that begin in a stretch of time."""
    last_s = math.inf if end_s is None else end_s
    return replace(performance, notes=tuple(note for note in performance.notes if start_s <= note.onset_s < last_s))


def _table_order(performance: "Performance") -> list[int]:
    """The positions of the notes that the rows of an `EventTable` stand for."""
    notes = performance.notes
    return sorted(range(len(notes)), key=lambda i: (notes[i].key, notes[i].onset_s))
