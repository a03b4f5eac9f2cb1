"""`pianotrans train`: prepared recordings in, a run with checkpoints out."""

import importlib.util
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands.console import Reporter
from pianotrans.commands.exits import exits
from pianotrans.errors import Cancelled, TrainingError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from pianotrans.training.runs.start import Request

_NEEDED = ("lightning_fabric", "tensorboard", "tomli_w")


def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A model of `models/`, or a TOML file of training settings.")
    ],
    data: Annotated[Path, typer.Option(metavar="FOLDER", help="What `pianotrans prepare` made.")],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run's folder, a new one unless --resume.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, as in optimisation.peak_rate=1e-3."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the run's last checkpoint, with the same settings.")
    ] = False,
    initial: Annotated[
        str | None,
        typer.Option("--init", metavar="NAME_OR_FOLDER", help="Begin with a model's weights (fine-tuning)."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda|cuda:N|mps", help="Where to compute.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Details, and tracebacks of errors.")] = False,
) -> None:
    """Train a model.

    Ctrl-C saves and stops; the same command with --resume goes on. Several GPUs, or machines:
    `torchrun --nproc-per-node N --no-python pianotrans train …`. Watch with `tensorboard --logdir RUN`.
    Exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, "What was saved before is whole; --resume goes on."):
        check_extra(_NEEDED)
        with reporter.waiting("Loading …"):
            from pianotrans.training.runs.distributed import make_fabric
            from pianotrans.training.runs.run_folder import Recipe
            from pianotrans.training.runs.start import Request

            request = Request(Recipe.read(recipe, tuple(changes or ())), data, out, resume, initial)
            fabric = make_fabric(device)
        if not fabric.is_global_zero:
            reporter = Reporter(quiet=True)
        try:
            _run(request, fabric, reporter)
        except Cancelled as stopped:
            reporter.say(str(stopped))
            raise typer.Exit(Cancelled.exit_code) from None


def check_extra(needed: tuple[str, ...]) -> None:
    """Raise TrainingError unless these packages of the extra `train` are installed."""
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingError(
            f"{', '.join(missing)}: not installed. `pip install 'pianotrans[train]'` brings all of it."
        )


def _run(request: "Request", fabric: "Fabric", reporter: Reporter) -> None:
    from pianotrans.commands.train_progress import show_progress
    from pianotrans.training.runs.start import make_loop

    with _stop_signal() as stop, show_progress(reporter, request.recipe.settings.steps) as watcher:
        loop = make_loop(request, fabric, (watcher,), stop.is_set, reporter.say)
        loop.run()
    best = loop.checkpoints.best()
    news = f"the best checkpoint is of step {best.step}" if best else "nothing was validated"
    reporter.say(f"{request.out}: {loop.state.step} steps done; {news}.")


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
