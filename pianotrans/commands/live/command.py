"""`pianotrans live`: transcribe while somebody plays."""

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pianotrans.audio import AUDIO_SUFFIXES
from pianotrans.commands import options
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.exits import exits
from pianotrans.commands.streams import print_line
from pianotrans.errors import LiveError, OutputError, PianotransError, UsageError

if TYPE_CHECKING:
    from pianotrans.commands.live.showing import Display
    from pianotrans.live.ports import MidiPort
    from pianotrans.live.session import Moment, Sitting
    from pianotrans.live.sources import SoundSource

_SUFFIXES = (".mid", ".midi", ".json", ".csv")


def live(
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="DEVICE|FILE",
            help="Microphone or line input, by number or name, or a recording that plays as if it came from one.",
            show_default="the default input",
        ),
    ] = None,
    inputs: Annotated[
        bool, typer.Option("--list-inputs", help="List the inputs of this machine and exit.")
    ] = False,
    port: Annotated[
        str | None,
        typer.Option(
            "--midi-port",
            metavar="NAME",
            help="Send notes and pedals to this MIDI port; a virtual one is made if there is none of this name.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help=f"Write what was played at the end, as {', '.join(_SUFFIXES)}.",
            show_default=False,
        ),
    ] = None,
    overwrite: options.Overwrite = False,
    pace: Annotated[
        str,
        typer.Option(
            metavar="NUMBER|max",
            help="Play a recording this many times as fast; max: as fast as it can be transcribed.",
        ),
    ] = "1",
    window: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="How much sound the model hears at once; more is more accurate and takes longer.",
            show_default="the model's own",
        ),
    ] = None,
    hop: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Time between two windows; less is quicker to respond and takes more work.",
            show_default="as short as this machine keeps up with",
        ),
    ] = None,
    model: options.Model = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Transcribe while somebody plays.

    Shows notes as soon as they are certain. Ctrl-C ends, and writes the output if -o is given.
    Exit codes: 0 ended, 1 the input failed (what was played until then is written), 2 wrong usage.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "Nothing was written."):
        if inputs:
            from pianotrans.live.devices import list_devices

            for line in list_devices():
                print_line(line)
            return
        _check_output(output, overwrite=overwrite)
        file = None if source is None else Path(source)
        is_file = file is not None and (file.is_file() or file.suffix.lower() in AUDIO_SUFFIXES)
        speed = _parse_pace(pace, is_file=is_file)
        with ExitStack() as stack:
            stream = _open_source(file if is_file else None, source, speed)
            stack.callback(stream.close)
            midi = None if port is None else _open_port(port, stack)
            with reporter.waiting("Loading the model …"):
                sitting, name = _prepare(
                    stream, model, device, precision, window, hop, reporter, is_paced=math.isfinite(speed)
                )
            failure = _play(sitting, midi, reporter)
        performance = sitting.performance(name)
        if output is not None:
            performance.save(output, overwrite=overwrite)
        where = "" if output is None else f", written to {output}"
        reporter.say(f"{stream.name}: {performance.n_notes} notes in {clock(performance.duration_s)}{where}")
        if failure is not None:
            raise failure


def _play(sitting: "Sitting", midi: "MidiPort | None", reporter: Reporter) -> Exception | None:
    """Hear the source to its end, or until Ctrl-C; returns the error that ended it, after giving out the rest."""
    from pianotrans.commands.live.showing import showing

    send = _sender(midi, reporter)
    with showing(reporter) as display, _until_interrupted(sitting.source.stop):
        try:
            for moment in sitting.moments():
                _give(moment, display, send)
        except PianotransError as error:
            _give(sitting.end(), display, send)
            return error
    return None


def _give(moment: "Moment", display: "Display", send: Callable[["Moment"], None]) -> None:
    send(moment)
    display.add(moment)


def _sender(midi: "MidiPort | None", reporter: Reporter) -> Callable[["Moment"], None]:
    """Sends to a port until that fails, which is said once."""
    ports = [] if midi is None else [midi]

    def send(moment: "Moment") -> None:
        for port in [*ports]:
            try:
                for event in moment.events:
                    port.send(event)
            except LiveError as error:
                ports.clear()
                reporter.warn(str(error))

    return send


def _prepare(
    stream: "SoundSource",
    model: str | None,
    device: str,
    precision: str,
    window_s: float | None,
    hop_s: float | None,
    reporter: Reporter,
    *,
    is_paced: bool,
) -> tuple["Sitting", str]:
    """All that hearing needs, and the name of the model."""
    from pianotrans.live.hearing import load_live_model

    ear = load_live_model(
        model, device=device, precision=precision, window_s=window_s, hop_s=hop_s, say=reporter.say
    )
    if hop_s is None and is_paced:
        ear = ear.measured(stream.n_channels)
    reporter.say(
        f"{stream.name}: listening with {ear.name}, a window of {ear.plan.window_s:.1f} s every "
        f"{ear.plan.hop_s:.2f} s. Ctrl-C ends."
    )
    return ear.sit(stream, reporter.warn), ear.name


def _open_source(file: Path | None, wanted: str | None, pace: float) -> "SoundSource":
    if file is not None:
        from pianotrans.live.sources import FileSource

        return FileSource(file, pace)
    from pianotrans.live.devices import open_device

    return open_device(wanted)


def _open_port(name: str, stack: ExitStack) -> "MidiPort":
    from pianotrans.live.ports import open_port

    port = open_port(name)

    def close() -> None:
        with suppress(LiveError, RuntimeError, OSError):  # it may have gone
            port.close()

    stack.callback(close)
    return port


def _check_output(output: Path | None, *, overwrite: bool) -> None:
    """Refuse before anything is played what cannot be written at the end."""
    if output is None:
        return
    if output.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{output}: not a name in {', '.join(_SUFFIXES)}.", "output")
    if output.exists() and not overwrite:
        raise OutputError(f"{output}: already exists. Pass --overwrite to replace it.")
    if not output.parent.is_dir():
        raise OutputError(f"{output}: the folder {output.parent} does not exist. Create it, or choose another.")


def _parse_pace(text: str, *, is_file: bool) -> float:
    """How many times as fast as in reality; infinity for max. Raises UsageError."""
    try:
        pace = math.inf if text == "max" else float(text)
    except ValueError:
        pace = math.nan
    if not pace > 0:
        raise UsageError(f"{text!r} given; it must be a number above 0, or max.", "pace")
    if pace != 1 and not is_file:
        raise UsageError("only for a recording. A microphone hears at its own pace.", "pace")
    return pace


@contextmanager
def _until_interrupted(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM stop the sound; a second one interrupts as ever."""
    before: dict[int, Any] = {}

    def handle(number: int, _: Any) -> None:
        stop()
        signal.signal(number, before[number])

    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        with suppress(ValueError):  # not in the main thread
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
