"""`pianotrans train`: data in, a run with checkpoints out."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands import options
from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.errors import Cancelled
from pianotrans.extras import require

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from pianotrans.training.runs.start import Request


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="What to train: a model of `models/`, such as small, beats or hands, or a TOML file of settings.",
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="FOLDER",
            help="Folder that `pianotrans prepare` wrote, or, for beats and hands, the folder of a data set that "
            "the recipe names. Give the option once for each.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="RUN", help="Folder of the run: new, unless --resume is given."),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, as in optimisation.peak_rate=1e-3."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from the run's last checkpoint, with the same settings.")
    ] = False,
    initial: Annotated[
        str | None,
        typer.Option(
            "--init", metavar="NAME_OR_FOLDER", help="Start from a model's weights instead of random ones."
        ),
    ] = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Train a model.

    Ctrl-C saves and stops; the same command with --resume continues. To use several GPUs or machines, run
    `torchrun --nproc-per-node N --no-python pianotrans train …`. To watch, run `tensorboard --logdir RUN`.
    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "The last checkpoint is complete; --resume continues from it."):
        require("train")
        with reporter.waiting("Loading …"):
            from pianotrans.training.runs.distributed import make_fabric
            from pianotrans.training.runs.run_folder import TrainingRecipe
            from pianotrans.training.runs.start import Request

            asked = TrainingRecipe.read(recipe, tuple(changes or ()))
            request = Request(asked, tuple(data), output, resume, initial)
            fabric = make_fabric("cpu" if asked.kind.is_small and device == "auto" else device)
        if not fabric.is_global_zero:
            reporter = Reporter(quiet=True)
        try:
            _run(request, fabric, reporter)
        except Cancelled as stopped:
            reporter.say(str(stopped))
            raise typer.Exit(Cancelled.exit_code) from None


def _run(request: "Request", fabric: "Fabric", reporter: Reporter) -> None:
    from pianotrans.commands.train_progress import show_progress
    from pianotrans.training.runs.start import make_loop

    with _stop_signal() as stop, show_progress(reporter, request.recipe.settings.steps) as watcher:
        loop = make_loop(request, fabric, (watcher,), stop.is_set, reporter.say)
        loop.run()
    best = loop.checkpoints.best()
    news = f"the best checkpoint is that of step {best.step}" if best else "no checkpoint was validated"
    reporter.say(f"{request.output}: {loop.state.step} steps done; {news}.")


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def ask_to_stop(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
