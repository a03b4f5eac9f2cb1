"""`pianotrans models`: which models there are, and their weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pianotrans.commands import options
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.commands.streams import print_line
from pianotrans.errors import ModelError, UsageError

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
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a training run.")],
    folder: Annotated[Path, typer.Argument(metavar="NAME_OR_FOLDER", help="Folder to write; it must be new.")],
    checkpoint: Annotated[
        str, typer.Option(metavar="best|last|STEP", help="Checkpoint of the run to export.")
    ] = "best",
    bits: Annotated[
        Literal[32, 16, 8], typer.Option(help="Bits for a weight. 8 take a quarter of the space of 32.")
    ] = 32,
) -> None:
    """Export a training run as a model, with a card; `transcribe --model` takes it if it transcribes."""
    from pianotrans.training.runs.export import export
    from pianotrans.training.runs.run_folder import RunFolder

    reporter = Reporter()
    with exits(reporter):
        chosen = export(RunFolder(run), folder, checkpoint, bits=bits)
        reporter.say(f"{folder}: the weights after step {chosen.step}")
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
