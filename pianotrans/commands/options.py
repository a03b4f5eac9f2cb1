"""Options that several commands share, each declared once."""

from typing import Annotated

import typer

from pianotrans.datasets import LAYOUTS

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME_OR_FOLDER",
        help="Model to use: a name from `pianotrans models list`, or a model's folder.",
        show_default="the default model",
    ),
]
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
