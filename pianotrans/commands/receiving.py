"""Options that fit MIDI to what plays or shows it, and `--for`, which sets several of them."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from pianotrans.commands.scoring import given_hands, given_tempo
from pianotrans.errors import UsageError
from pianotrans.events import Durations, Fitting, NoteGrid, TempoPer
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.events.receivers import RECEIVERS, Receiver, settings_for

_PANEL = "For what plays or shows it"
_LIST = "list"
_TABLE_WIDTH = 120  # where standard output is no terminal
_NAMES = {"format": "midi_format"}  # settings whose options have a different name
_FLAGS = {("pedal", True): "--pedal", ("pedal", False): "--no-pedal", ("hands", True): "--hands"}


class DurationsChoice(StrEnum):
    """How long notes last, or both kinds of files."""

    keys = Durations.keys
    sounding = Durations.sounding
    both = "both"


def _show_list(given: str | None) -> str | None:
    """Show what receivers set, and end the command, if that is asked for."""
    if given == _LIST:
        _print_receivers()
        raise typer.Exit
    return given


def _seconds(name: str, text: str) -> Any:
    return typer.Option(name, metavar="SECONDS", help=text, show_default=False, rich_help_panel=_PANEL)


For = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="|".join([*RECEIVERS, _LIST]),
        help="Set the options that this receiver needs; those you give yourself win. list shows them.",
        callback=_show_list,
        is_eager=True,
        show_default=False,
        rich_help_panel=_PANEL,
    ),
]
DurationsOption = Annotated[
    DurationsChoice | None,
    typer.Option(
        "--durations",
        help="keys: end notes when the key is released. sounding: extend them by the pedal and drop it. "
        "both: write song.mid and song.sounding.mid.",
        show_default="keys",
        rich_help_panel=_PANEL,
    ),
]
WithPedal = Annotated[
    bool | None,
    typer.Option(
        "--pedal/--no-pedal",
        help="Write the pedals or leave them out.",
        show_default="pedal",
        rich_help_panel=_PANEL,
    ),
]
FormatOfMidi = Annotated[
    int | None,
    typer.Option(
        "--midi-format",
        metavar="0|1",
        help="0: one track on channel 1. 1: a track of tempo and bars, and one or two of notes.",
        show_default="1",
        rich_help_panel=_PANEL,
    ),
]
RepeatGap = Annotated[float | None, _seconds("--repeat-gap", "End notes so long before their key is struck again.")]
MaxDuration = Annotated[float | None, _seconds("--max-duration", "End notes after so long at the latest.")]
PedalLift = Annotated[
    float | None, _seconds("--pedal-lift", "Keep pedals up for so long before they go down again.")
]


def receiver_settings(
    receiver: str | None = None,
    *,
    midi_format: int | None = None,
    durations: DurationsChoice | None = None,
    pedal: bool | None = None,
    repeat_gap: float | None = None,
    max_duration: float | None = None,
    pedal_lift: float | None = None,
    tempo: str | None = None,
    tempo_per: TempoPer | None = None,
    quantize: NoteGrid | None = None,
    hands: str | None = None,
) -> tuple[Fitting, MidiSettings]:
    """What a receiver needs, with the options that are given in its place.

    Raises UsageError for an unknown receiver, and for options that contradict each other or the receiver.
    """
    if receiver is not None and receiver not in RECEIVERS:
        raise UsageError(f"{receiver!r} given; use one of {', '.join(RECEIVERS)}, or list.", "for")
    given = {
        "format": midi_format,
        "durations": durations and Durations(DurationsChoice.keys if durations == "both" else durations),
        "pedal": pedal,
        "repeat_gap_s": repeat_gap,
        "max_duration_s": max_duration,
        "pedal_lift_s": pedal_lift,
        "grid": quantize,
        "hands": given_hands(hands),
        **given_tempo(tempo, tempo_per),
    }
    try:
        return settings_for(receiver, given)
    except UsageError as error:
        is_given = {_NAMES.get(name, name): value is not None for name, value in given.items()}
        raise UsageError(error.reason, *(name if is_given[name] else "for" for name in error.settings)) from None


def option_words(receiver: Receiver) -> list[str]:
    """What a receiver sets, as the command line takes it."""
    return [_word(name, value) for name, value in receiver.settings.items()]


def _word(name: str, value: Any) -> str:
    if (name, value) in _FLAGS:
        return _FLAGS[name, value]
    option = f"--{_NAMES.get(name, name).removesuffix('_s').replace('_', '-')}"
    if value is False:
        return f"{option} off"
    return f"{option} {value:g}" if isinstance(value, float) else f"{option} {value}"


def _print_receivers() -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from pianotrans.commands.console import make_console

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("--for", "sets", "because"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "--for")
    for receiver in RECEIVERS.values():
        table.add_row(receiver.name, "\n".join(option_words(receiver)), receiver.reason)
    make_console(_TABLE_WIDTH).print(table)
