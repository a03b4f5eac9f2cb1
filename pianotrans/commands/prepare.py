"""`pianotrans prepare`: a data set checked, and made an index of for training."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.exits import exits
from pianotrans.errors import FAILED, DatasetError
from pianotrans.events import Durations
from pianotrans.files import make_folder, write_atomically

if TYPE_CHECKING:
    from pianotrans.datasets import DatasetListing
    from pianotrans.training.preparation import Outcome, Preparation

REPORT = "report.csv"
_GO_ON = "The same command goes on where this run was."

app = typer.Typer(help="Check a data set and make an index of it for training.", no_args_is_help=True)

_Out = Annotated[Path, typer.Argument(metavar="OUT", help="A folder for the index, and for copies if need be.")]
_Durations = Annotated[
    Durations, typer.Option(help="Notes last as long as keys were held, or until the sustain pedal lets go.")
]
_Cache = Annotated[
    bool,
    typer.Option(
        "--cache", help="Copy what is not of 44.1 kHz there, resampled, as FLAC. Lossy formats are copied anyway."
    ),
]
_Quick = Annotated[bool, typer.Option("--quick", help="Read headers only: finds no damage and no silence.")]
_Workers = Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes.")]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an index, and check everything anew.")]
_QuietFlag = Annotated[bool, typer.Option("-q", "--quiet", help="Only errors.")]
_Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Details, and tracebacks of errors.")]


@app.command("maestro", no_args_is_help=True)
def maestro(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The folder that holds MAESTRO's csv or json.")],
    out: _Out,
    durations: _Durations = Durations.keys,
    cache: _Cache = False,
    quick: _Quick = False,
    workers: _Workers = 1,
    overwrite: _Overwrite = False,
    quiet: _QuietFlag = False,
    verbose: _Verbose = False,
) -> None:
    """Prepare MAESTRO, or what is in its layout.

    Recordings of any sample rate are used as they are. Those that cannot be used are named and left out. Exit
    code: 0 all ready, 1 some left out, 2 wrong usage, 130 interrupted: the same command goes on where it was.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    _prepare("maestro", root, out, durations, reporter, cache=cache, quick=quick, n=workers, overwrite=overwrite)


@app.command("pairs", no_args_is_help=True)
def pairs(
    table: Annotated[
        Path,
        typer.Argument(
            metavar="CSV", help="A table with the columns audio, midi and split: train, validation or test."
        ),
    ],
    out: _Out,
    durations: _Durations = Durations.keys,
    cache: _Cache = False,
    quick: _Quick = False,
    workers: _Workers = 1,
    overwrite: _Overwrite = False,
    quiet: _QuietFlag = False,
    verbose: _Verbose = False,
) -> None:
    """Prepare recordings of your own, listed in a csv with their MIDI.

    Paths in the csv are relative to it. Those that cannot be used are named and left out. Exit code: 0 all
    ready, 1 some left out, 2 wrong usage, 130 interrupted: the same command goes on where it was.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    _prepare("csv", table, out, durations, reporter, cache=cache, quick=quick, n=workers, overwrite=overwrite)


def _prepare(
    layout: str,
    root: Path,
    out: Path,
    durations: Durations,
    reporter: Reporter,
    *,
    cache: bool,
    quick: bool,
    n: int,
    overwrite: bool,
) -> None:
    from pianotrans.datasets import find_pairs
    from pianotrans.training.preparation import Preparation, PreparationSettings, report_csv

    with exits(reporter, f"{_GO_ON} Nothing half-written is left."):
        listing = find_pairs(layout, root)
        settings = PreparationSettings(durations, cache=cache, listen=not quick)
        preparation = Preparation(listing, out, settings, overwrite=overwrite)
        make_folder(out)
        outcomes: list[Outcome] = []
        try:
            _run(preparation, n, outcomes, reporter)
        except DatasetError:
            _write_report(out, report_csv(outcomes))
            raise
        _write_report(out, report_csv(outcomes))
        _show(listing, outcomes, out, reporter)
        if any(outcome.recording is None for outcome in outcomes):
            raise typer.Exit(FAILED)


def _run(preparation: "Preparation", n_workers: int, outcomes: list["Outcome"], reporter: Reporter) -> None:
    """Bring every recording to its end; tell of those that are left out, and of what is odd about the others."""
    total_s = sum(pair.duration_s or 0.0 for pair in preparation.listing.pairs) or None
    done_s = 0.0
    with reporter.working(preparation.listing.root.name or "data set") as meter:
        for outcome in preparation.run(n_workers):
            outcomes.append(outcome)
            if outcome.recording is None:
                reporter.error(DatasetError(f"{outcome.name}: left out. {outcome.refusal}"))
                continue
            for remark in outcome.recording.remarks:
                reporter.warn(f"{outcome.name}: {remark}")
            done_s += outcome.recording.duration_s
            meter.update(done_s, None if total_s is None else max(total_s, done_s))
    if n_known := sum(outcome.was_known for outcome in outcomes):
        reporter.say(f"{n_known} of {len(outcomes)} recordings were ready before.")


def _write_report(out: Path, text: str) -> None:
    write_atomically(out / REPORT, text.encode(), overwrite=True)


def _show(listing: "DatasetListing", outcomes: Sequence["Outcome"], out: Path, reporter: Reporter) -> None:
    """A table of the splits, and where things are."""
    if reporter.quiet:
        return
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(box=None if reporter.is_plain else SIMPLE, pad_edge=False)
    for heading in ("split", "recordings", "left out", "duration", "events", "sample rates"):
        table.add_column(heading, justify="left" if heading in ("split", "sample rates") else "right")
    for split in listing.splits:
        ours = [outcome for outcome in outcomes if outcome.split == split]
        ready = [outcome.recording for outcome in ours if outcome.recording is not None]
        rates = Counter(one.sample_rate for one in ready)
        table.add_row(
            split,
            str(len(ready)),
            str(len(ours) - len(ready)),
            clock(sum(one.duration_s for one in ready)),
            str(sum(len(one.events) for one in ready)),
            ", ".join(f"{n} of {rate} Hz" for rate, n in sorted(rates.items())),
        )
    reporter.console.print(table)
    reporter.say(f"Index: {out}; report: {out / REPORT}")
