"""`pianotrans evaluate`: its sub-commands."""

import typer

from pianotrans.commands.evaluate.compare import compare
from pianotrans.commands.evaluate.dataset import dataset
from pianotrans.commands.evaluate.midi import midi
from pianotrans.commands.evaluate.score import score

app = typer.Typer(help="Score transcriptions against what was played.", no_args_is_help=True)
app.command("midi", no_args_is_help=True)(midi)
app.command("dataset", no_args_is_help=True)(dataset)
app.command("score", no_args_is_help=True)(score)
app.command("compare", no_args_is_help=True)(compare)
