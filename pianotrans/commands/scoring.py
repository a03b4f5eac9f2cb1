"""Options that correct a score or say how its MIDI is written, and the settings that they make."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pianotrans.commands.musical_words import (
    RhythmGrid,
    parse_bpm,
    parse_key,
    parse_meters,
    parse_note_grid,
    parse_rhythm,
    parse_split,
    parse_tempo,
    read_beats,
)
from pianotrans.commands.options import parse_time
from pianotrans.errors import UsageError
from pianotrans.events import TempoPer
from pianotrans.score.beats.hints import BeatHints, GivenBeats, TimeSignature
from pianotrans.score.pitch import KeySignature
from pianotrans.score.settings import SUBDIVISIONS, ScoreSettings

_PANEL = "Score: what you know of it"
_MIDI = "MIDI of a score"
_FOUND, _OFF = "found", "off"


def _option(name: str, metavar: str, text: str, parser: Any, panel: str = _PANEL) -> Any:
    return typer.Option(name, metavar=metavar, parser=parser, help=text, show_default=False, rich_help_panel=panel)


Bpm = Annotated[float | None, _option("--bpm", "N", "Mean tempo in beats a minute.", parse_bpm)]
TimeSignatures = Annotated[
    Any,
    _option(
        "--time-signature",
        "3/4",
        "Time signature, or several with their first bars: 3/4,17:6/8.",
        parse_meters,
    ),
]
DownbeatAt = Annotated[
    list[float] | None,
    _option("--downbeat-at", "TIME", "A bar begins at this time: seconds or m:ss. Repeat for more.", parse_time),
]
Pickup = Annotated[
    int | None,
    typer.Option(min=0, max=7, metavar="BEATS", help="Beats before the first full bar.", rich_help_panel=_PANEL),
]
Key = Annotated[Any, _option("--key", "KEY", "Key, such as E flat major, c minor, 3b or 2#.", parse_key)]
HalfTempo = Annotated[
    bool, typer.Option("--half-tempo", help="Take half of the tempo that is found.", rich_help_panel=_PANEL)
]
DoubleTempo = Annotated[
    bool, typer.Option("--double-tempo", help="Take double of the tempo that is found.", rich_help_panel=_PANEL)
]
Swing = Annotated[
    bool,
    typer.Option("--swing", help="Write pairs of long and short notes as equal ones.", rich_help_panel=_PANEL),
]
Grid = Annotated[
    Any,
    _option(
        "--grid", "1/16[,triplets]|auto", "Shortest note of the score, with or without triplets.", parse_rhythm
    ),
]
Beats = Annotated[
    Any, _option("--beats", "FILE", "Take these beats as truth: csv, or labels of Audacity.", read_beats)
]
Hands = Annotated[
    str | None,
    typer.Option(
        "--hands",
        metavar="[split=C4|off]",
        help="Write two tracks, one for each hand; with split=C4, the left hand has all notes below C4. off: one.",
        show_default=False,
        rich_help_panel=_MIDI,
    ),
]
Tempo = Annotated[
    Any,
    typer.Option(
        "--tempo",
        metavar="map|fixed[=BPM]",
        help="map: ticks are musical time where beats are found. fixed: one tempo, no bars.",
        show_default="map",
        rich_help_panel=_MIDI,
    ),
]
TempoChanges = Annotated[
    TempoPer | None,
    typer.Option(
        "--tempo-per", help="Change the tempo with every beat or bar.", show_default="beat", rich_help_panel=_MIDI
    ),
]
Quantize = Annotated[
    Any,
    _option("--quantize", "GRID[,STRENGTH]", "Move notes towards a grid: 1/16,0.5.", parse_note_grid, _MIDI),
]


class ScoringCommand(TyperCommand):
    """A command whose `--hands` may stand alone or be followed by split=KEY or off; give it as `cls`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a lone --hands its value."""
        return super().parse_args(ctx, _with_hands(args))


def _with_hands(args: Sequence[str]) -> list[str]:
    end = args.index("--") if "--" in args else len(args)
    followers = [*args[1:], ""]
    is_alone = [
        arg == "--hands" and i < end and follower != _OFF and not follower.startswith("split=")
        for i, (arg, follower) in enumerate(zip(args, followers, strict=False))
    ]
    return [f"--hands={_FOUND}" if alone else arg for arg, alone in zip(args, is_alone, strict=True)]


def score_settings(
    *,
    bpm: float | None = None,
    time_signature: tuple[tuple[int, TimeSignature], ...] | None = None,
    downbeat_at: Sequence[float] | None = None,
    pickup: int | None = None,
    key: KeySignature | None = None,
    half_tempo: bool = False,
    double_tempo: bool = False,
    swing: bool = False,
    grid: RhythmGrid | None = None,
    beats: GivenBeats | None = None,
    hands: str | None = None,
) -> ScoreSettings:
    """The settings that options ask for. Raises UsageError for options that contradict each other."""
    _refuse_several(bpm=bpm is not None, half_tempo=half_tempo, double_tempo=double_tempo, beats=beats is not None)
    meters = time_signature or ()
    if beats is not None and beats.is_downbeat is not None:
        given = {"downbeat_at": bool(downbeat_at), "pickup": pickup is not None, "time_signature": bool(meters)}
        _refuse([name for name, is_given in given.items() if is_given], beats="the file says where bars begin.")
    if meters and pickup is not None and pickup >= meters[0][1].n_beats:
        raise UsageError(f"a bar of {meters[0][1]} has no {pickup} beats to spare.", "pickup", "time_signature")
    hints = BeatHints(
        bpm=bpm,
        tempo_factor=0.5 if half_tempo else 2.0 if double_tempo else 1.0,
        meters=meters,
        downbeats_s=tuple(sorted(set(downbeat_at or ()))),
        pickup=pickup,
        beats=beats,
    )
    subdivisions = None if grid is None else subdivisions_of(grid, [meter for _, meter in meters])
    return ScoreSettings(hints, key, subdivisions, swing, _split(hands))


def given_tempo(tempo: str | None, tempo_per: TempoPer | None) -> dict[str, Any]:
    """What is said of the tempo, by the fields of `MidiSettings`; None where nothing is.

    Raises UsageError for a tempo per bar where the tempo is fixed.
    """
    bpm = _parsed("tempo", parse_tempo, tempo or "map")
    if bpm is not None and tempo_per is not None:
        raise UsageError("a fixed tempo does not change with beats or bars.", "tempo", "tempo_per")
    return {"tempo": tempo and ("map" if bpm is None else "fixed"), "bpm": bpm, "tempo_per": tempo_per}


def given_hands(hands: str | None) -> bool | None:
    """Whether there is to be a track for each hand; None if nothing is said of it."""
    _split(hands)
    return None if hands is None else hands != _OFF


def subdivisions_of(grid: RhythmGrid, meters: Sequence[TimeSignature] = ()) -> tuple[int, ...]:
    """Into how many parts a beat can be divided: with 1/16 a quarter into 1, 2 and 4, with triplets also 3 and 6.

    Beats are those of the meters; quarter notes without any.
    """
    beats = [Fraction(meter.numerator, meter.denominator * meter.n_beats) for meter in meters] or [Fraction(1, 4)]
    found = {1}
    for beat in beats:
        most = beat / grid.step
        found |= {n for n in SUBDIVISIONS if (most / n).denominator == 1}
        if grid.triplets:
            found |= {n for n in SUBDIVISIONS if n % 3 == 0 and (most * 3 / 2 / n).denominator == 1}
            found |= {3} if most >= 2 else set()
    return tuple(sorted(found))


def _split(hands: str | None) -> int | None:
    if hands in (None, _FOUND, _OFF):
        return None
    if not hands.startswith("split="):
        raise UsageError(f"{hands!r} given; it stands alone, or with split=C4 or off.", "hands")
    return int(_parsed("hands", parse_split, hands.removeprefix("split=")))


def _parsed(setting: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except typer.BadParameter as error:
        raise UsageError(error.message, setting) from None


def _refuse_several(**given: bool) -> None:
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise UsageError("each sets the tempo. Give one of them.", *names)


def _refuse(names: Sequence[str], **because: str) -> None:
    ((setting, reason),) = because.items()
    if names:
        raise UsageError(f"{reason} Give one of them.", setting, *names)
