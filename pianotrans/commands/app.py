"""The `pianotrans` command and its sub-commands."""

from typing import Annotated

import typer

from pianotrans.commands import apply, bench, models, prepare, score, serve, synthesize, train, view
from pianotrans.commands.evaluate import app as evaluate
from pianotrans.commands.live.command import live
from pianotrans.commands.scoring import ScoringCommand
from pianotrans.commands.streams import print_line
from pianotrans.commands.transcribe.command import transcribe
from pianotrans.version import __version__

app = typer.Typer(
    name="pianotrans",
    help="Piano recordings to MIDI: notes, velocities and pedals.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("transcribe", cls=ScoringCommand, no_args_is_help=True)(transcribe)
app.command("score", cls=ScoringCommand, no_args_is_help=True)(score.score)
app.command("apply", cls=ScoringCommand, no_args_is_help=True)(apply.apply)
app.add_typer(evaluate.app, name="evaluate")
app.command("live")(live)
app.command("serve")(serve.serve)
app.command("view", no_args_is_help=True)(view.view)
app.command("train", no_args_is_help=True)(train.train)
app.command("bench")(bench.bench)
app.command("prepare", no_args_is_help=True)(prepare.prepare)
app.command("synthesize", no_args_is_help=True)(synthesize.synthesize)
app.add_typer(models.app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        print_line(f"pianotrans {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Piano recordings to MIDI: notes, velocities and pedals."""
