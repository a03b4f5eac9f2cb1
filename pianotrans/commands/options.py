"""Options that several commands share, each declared once."""

import re
from typing import Annotated, Any

import typer

from pianotrans.datasets import LAYOUTS
from pianotrans.errors import UsageError
from pianotrans.inference.registry import Quality as QualityName
from pianotrans.inference.registry import model_for

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME_OR_FOLDER",
        help="Model to use: a name from `pianotrans models list`, or a model's folder.",
        show_default="the default model",
    ),
]
Quality = Annotated[
    QualityName | None,
    typer.Option(
        "--quality",
        help="Choose the model by this: fast takes the small one, best the published one. In place of --model.",
        show_default="the default model",
    ),
]


def choose_model(model: str | None, quality: QualityName | None) -> str | None:
    """The model that --model or --quality asks for; None for the default. Raises UsageError if both are given."""
    if quality is None:
        return model
    if model is not None:
        raise UsageError("cannot be used together. Leave one out.", "model", "quality")
    return model_for(quality)


Device = Annotated[
    str,
    typer.Option("--device", metavar="auto|cpu|cuda|cuda:N|mps", help="Device to compute on; auto prefers a GPU."),
]
Precision = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="auto|float32|bfloat16|float16",
        help="Precision of matrix products: float32 gives identical notes everywhere; auto uses less where that is "
        "much faster.",
    ),
]
Hop = Annotated[
    float | None,
    typer.Option(
        "--hop",
        metavar="SECONDS",
        help="Time between the starts of segments; a longer hop is faster.",
        show_default="the model's own",
    ),
]
AllowDamaged = Annotated[
    bool, typer.Option("--allow-damaged", help="Transcribe damaged recordings as far as they can be decoded.")
]
Tuning = Annotated[
    str,
    typer.Option(
        "--tuning",
        metavar="auto|off|CENTS",
        help="Correct for a piano that is this many cents sharp, or flat if negative; auto estimates it.",
    ),
]

Declip = Annotated[
    bool, typer.Option("--declip/--no-declip", help="Restore peaks that were cut off before transcribing.")
]

PedalBias = Annotated[
    float,
    typer.Option(
        "--pedal-bias",
        metavar="NUMBER",
        help="Read the sustain pedal as down more often; 6.5 suits pianos where it is found too rarely.",
    ),
]


def parse_time(text: str | float) -> float:
    """Seconds of a time such as 62.5, 1:02.5 or 0:01:02.5. Raises BadParameter for anything else."""
    found = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?)", str(text).strip(), re.ASCII)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a time. Give seconds, m:ss or h:mm:ss, such as 62.5 or 1:02.5.")
    hours, minutes, seconds = found.groups()
    if (hours and float(minutes) >= 60) or (minutes and float(seconds) >= 60):
        raise typer.BadParameter(f"{text!r} is not a time: behind a colon there are fewer than 60.")
    return float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds)


def time_option(name: str, text: str, default: str) -> Any:
    """An option that takes a time; `default` says in words what holds without it."""
    return typer.Option(name, metavar="TIME", parser=parse_time, help=text, show_default=default)


Start = Annotated[
    float, time_option("--start", "Begin at this time of the recording: seconds or m:ss.", "its beginning")
]
End = Annotated[
    float | None, time_option("--end", "End at this time of the recording: seconds or m:ss.", "its end")
]
Track = Annotated[
    int | None,
    typer.Option(
        "--track",
        min=1,
        metavar="N",
        help="Take this one of the audio tracks of a file, counted from 1.",
        show_default="the one that players choose",
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="|".join(LAYOUTS),
        help="How the files of the data set lie.",
        show_default="detected",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", min=1, metavar="N", help="Number of processes, which share the cores."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed for random numbers.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Show only errors and warnings.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show details and the tracebacks of errors.")]
