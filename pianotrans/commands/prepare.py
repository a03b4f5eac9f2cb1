"""`pianotrans prepare`: a data set checked and indexed for training."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.exits import exits
from pianotrans.commands.options import Jobs, Layout, Overwrite, Quiet, Verbose
from pianotrans.commands.transcribe.collection import GO_ON
from pianotrans.errors import FAILED, DatasetError
from pianotrans.events import Durations
from pianotrans.files import make_folder, write_atomically

if TYPE_CHECKING:
    from pianotrans.datasets import DatasetListing
    from pianotrans.training.preparation import Preparation, PreparationOutcome

REPORT = "report.csv"


def prepare(
    root: Annotated[
        Path,
        typer.Argument(
            metavar="ROOT",
            help="Folder of the data set, or a csv with the columns audio, midi and split (paths relative to it).",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to write the index to, and copies of recordings.")
    ],
    layout: Layout = None,
    validation_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Use this share of the recordings for validation, where the data set has no validation split.",
        ),
    ] = 0.0,
    durations: Annotated[
        Durations, typer.Option(help="Let notes last as long as keys are held, or until the sustain pedal lifts.")
    ] = Durations.keys,
    cache: Annotated[
        bool,
        typer.Option(
            "--cache",
            help="Copy recordings that are not of 44.1 kHz to OUT, resampled, as FLAC. Lossy formats always are.",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Read only headers; this finds neither damage nor silence.")
    ] = False,
    jobs: Jobs = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check a data set and make an index of it for training.

    Splits are those of the data set; where it states none, every recording is for training. Recordings of any
    sample rate are used as they are. Those that cannot be used are named and left out. A later run checks only what
    has changed, or everything with --overwrite. Exit codes: 0 all ready, 1 some left out, 2 wrong usage, 130
    interrupted: the same command continues.
    """
    reporter = Reporter(quiet=quiet, verbose=verbose)
    with exits(reporter, f"{GO_ON} Nothing half-written is left."):
        from pianotrans.datasets import find_pairs
        from pianotrans.training.preparation import Preparation, PreparationSettings, assign_splits, report_csv

        listing = assign_splits(find_pairs(layout, root), validation_share)
        settings = PreparationSettings(durations, cache=cache, listen=not quick)
        preparation = Preparation(listing, out, settings, overwrite=overwrite)
        make_folder(out)
        outcomes: list[PreparationOutcome] = []
        try:
            _run(preparation, jobs or 1, outcomes, reporter)
        except DatasetError:  # no recording can be used: the report says why
            _write_report(out, report_csv(outcomes))
            raise
        _write_report(out, report_csv(outcomes))
        _show(listing, outcomes, out, reporter)
        if any(outcome.recording is None for outcome in outcomes):
            raise typer.Exit(FAILED)


def _run(preparation: "Preparation", n_jobs: int, outcomes: list["PreparationOutcome"], reporter: Reporter) -> None:
    """Prepare every recording; name those that are left out, and what is odd about the others."""
    total_s = sum(pair.duration_s or 0.0 for pair in preparation.listing.pairs) or None
    done_s = 0.0
    with reporter.working(preparation.listing.root.name or "data set") as meter:
        for outcome in preparation.run(n_jobs):
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


def _show(
    listing: "DatasetListing", outcomes: Sequence["PreparationOutcome"], out: Path, reporter: Reporter
) -> None:
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
