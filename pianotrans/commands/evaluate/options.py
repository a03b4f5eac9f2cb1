"""Options that say what counts as correct, for every command that scores."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pianotrans.commands.options import time_option
from pianotrans.errors import UsageError
from pianotrans.events import Durations

if TYPE_CHECKING:
    from pianotrans.evaluation import EvaluationSettings

_PANEL = "What counts as correct"
LIST = "list"


class BothSides(StrEnum):
    """How long notes last, on both sides; `both`: scored both ways."""

    keys = Durations.keys
    sounding = Durations.sounding
    both = "both"


Conventions = Annotated[
    BothSides,
    typer.Option(
        "--durations",
        rich_help_panel=_PANEL,
        help="Let notes last as long as keys are held, or until the sustain pedal releases them; both scores them "
        "each way.",
    ),
]
RefDurations = Annotated[
    Durations | None,
    typer.Option(
        "--ref-durations",
        rich_help_panel=_PANEL,
        help="Durations of the reference alone.",
        show_default="as --durations",
    ),
]
EstDurations = Annotated[
    Durations | None,
    typer.Option(
        "--est-durations",
        rich_help_panel=_PANEL,
        help="Durations of the estimate alone.",
        show_default="as --durations",
    ),
]
OnsetTolerance = Annotated[
    float,
    typer.Option("--onset-tolerance", metavar="SECONDS", rich_help_panel=_PANEL, help="Largest error of an onset."),
]
OffsetTolerance = Annotated[
    float,
    typer.Option(
        "--offset-tolerance", metavar="SECONDS", rich_help_panel=_PANEL, help="Largest error of an offset."
    ),
]
OffsetRatio = Annotated[
    float,
    typer.Option(
        "--offset-ratio",
        metavar="RATIO",
        rich_help_panel=_PANEL,
        help="Largest error of an offset as a share of the reference note's duration, where that is more.",
    ),
]
VelocityTolerance = Annotated[
    float,
    typer.Option(
        "--velocity-tolerance",
        metavar="RATIO",
        rich_help_panel=_PANEL,
        help="Largest error of a velocity as a share of the reference's range of velocities.",
    ),
]
Align = Annotated[
    bool,
    typer.Option("--align", rich_help_panel=_PANEL, help="Remove a constant time offset from every estimate."),
]
AlignWindow = Annotated[
    float,
    typer.Option(
        "--align-window",
        metavar="SECONDS",
        rich_help_panel=_PANEL,
        help="Largest offset that --align looks for.",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--seconds",
        metavar="SECONDS",
        help="Score only this much of every piece, from its beginning or --start on.",
        show_default="whole pieces",
    ),
]
Start = Annotated[
    float,
    time_option(
        "--start", "Score only what begins at this time of every piece or later: seconds or m:ss.", "its beginning"
    ),
]
End = Annotated[
    float | None,
    time_option("--end", "Score only what begins before this time of every piece, and cut it there.", "its end"),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FOLDER", help="Folder to write scores, tables, mistakes and pictures to."
    ),
]
Sanity = Annotated[
    bool,
    typer.Option(
        "--sanity",
        help="Score trivial transcriptions, too: nothing, one velocity, offsets at the next onset, the reference "
        "25 and 50 ms late, and the reference itself.",
    ),
]


def _show_degradations(text: str | None) -> str | None:
    """With `list`, show what there is instead of working."""
    if text == LIST:
        from pianotrans.commands.evaluate.degradations import print_degradations

        print_degradations()
        raise typer.Exit
    return text


Degrade = Annotated[
    str | None,
    typer.Option(
        "--degrade",
        metavar="NAME=LEVEL,…",
        callback=_show_degradations,
        is_eager=True,  # `list` needs no data set
        help="Transcribe and score degraded recordings, too: all, or names and levels such as white=20,10,phone; "
        "a name alone takes its usual levels. Each level takes as long as the data set. list shows what there is.",
        show_default="none",
    ),
]
Detail = Annotated[
    bool,
    typer.Option(
        "--detail",
        help="Print recall and precision by circumstance, F1 by tolerance, and musical measures as well.",
    ),
]


def length_of_part(start_s: float, end_s: float | None, limit_s: float | None) -> float | None:
    """How much of every piece is scored, by --start, --end and --seconds. Raises UsageError if they contradict."""
    if end_s is None:
        return limit_s
    if limit_s is not None:
        raise UsageError("cannot be used together. Leave one out.", "end_s", "limit_s")
    if end_s <= start_s:
        raise UsageError(f"{end_s:g} s given. It must be later than the start, {start_s:g} s.", "end_s")
    return end_s - start_s


def make_settings(
    durations: BothSides, ref_durations: Durations | None, est_durations: Durations | None, **settings: Any
) -> "EvaluationSettings":
    """The settings that the options give; `settings` are further fields. Raises UsageError for impossible ones."""
    from pianotrans.evaluation import EvaluationSettings, choose_conventions

    on_both = tuple(Durations) if durations is BothSides.both else (Durations(durations),)
    return EvaluationSettings(conventions=choose_conventions(on_both, ref_durations, est_durations), **settings)
