"""`pianotrans transcribe FOLDER -o OUT`: a collection, with a ledger in the output folder."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from pianotrans.batch import End, Item, Ledger, Options, Outcome, Run, write_report
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.transcribe.outputs import Job
from pianotrans.commands.transcribe.progress import show_progress
from pianotrans.errors import PianotransError, UsageError
from pianotrans.workers.pool import Pool, PoolMaker, WorkerPool
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import Address

GO_ON = "The same command goes on where this run was."


@dataclass(frozen=True)
class Destination:
    """An output folder, and where its ledger is kept if not in it."""

    out: Address
    keep_ledger_in: Path | None = None

    def __post_init__(self) -> None:
        if self.keep_ledger_in is not None and isinstance(self.out, Path):
            raise UsageError(f"only with -o URL: what is done to {self.out} is noted in it.", "ledger")


def transcribe_collection(
    planned: Sequence[Job | PianotransError],
    to: Destination,
    recipe: Recipe,
    options: Options,
    reporter: Reporter,
    make_pool: PoolMaker | None = None,
) -> int:
    """Bring every recording to an end, write the report, tell how it went. Returns how many inputs failed."""
    start = time.monotonic()
    items = [Item.of(job.place, job.source, job.outputs) for job in planned if isinstance(job, Job)]
    empty = [job for job in planned if isinstance(job, PianotransError)]
    for error in empty:
        reporter.error(error)
    try:
        outcomes, report = run_collection(items, to, recipe, options, reporter, make_pool)
    except KeyboardInterrupt:
        reporter.say(GO_ON)
        raise
    if not reporter.quiet:
        _show(outcomes, time.monotonic() - start, report, reporter)
    return len(empty) + sum(not outcome.is_good for outcome in outcomes)


def run_collection(
    items: Sequence[Item],
    to: Destination,
    recipe: Recipe,
    options: Options,
    reporter: Reporter,
    make_pool: PoolMaker | None = None,
) -> tuple[list[Outcome], Address]:
    """Bring every item to an end, showing how far things are; failures are told. Returns also where the report is.

    Raises what `Run.go` raises.
    """
    with Ledger(to.out, keep_in=to.keep_ledger_in) as ledger:
        if not isinstance(to.out, Path):
            reporter.say(f"What is done is noted in {ledger.path}")
        with show_progress(reporter, recipe.limit_s) as watcher:
            outcomes = Run(items, recipe, ledger, options, watcher, make_pool or Pool).go()
        return outcomes, write_report(ledger, outcomes)


def cluster_pools(address: str, n_jobs: int | None, planned: Sequence[Job | PianotransError]) -> PoolMaker:
    """Makes pools on a Ray cluster, for these jobs; so many workers on every node without GPUs."""
    jobs = [job for job in planned if isinstance(job, Job)]
    by_folder = {job.source.parents[len(job.place.parts) - 1]: job.source for job in jobs}

    def make_pool(recipe: Recipe, _: int) -> WorkerPool[Any]:
        from pianotrans.batch.cluster import ClusterPool

        return ClusterPool(recipe, address, n_jobs, witnesses=tuple(by_folder.values()))

    return make_pool


def _show(outcomes: Sequence[Outcome], took_s: float, report: Address, reporter: Reporter) -> None:
    """What failed and why, and one line about all."""
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    if bad:
        table = Table(box=None if reporter.is_plain else SIMPLE, pad_edge=False)
        table.add_column("not done", overflow="fold")
        table.add_column("reason", overflow="fold")
        for outcome in bad:
            table.add_row(escape(outcome.item.name), escape(outcome.error or ""))
        reporter.console.print(table)
    ends = Counter(outcome.end for outcome in outcomes)
    n_good = ends[End.done] + ends[End.done_before]
    audio_s = sum(outcome.audio_s for outcome in outcomes if outcome.end is End.done)
    before = f", {ends[End.done_before]} of them before" if ends[End.done_before] else ""
    speed = f": {clock(audio_s)} of audio in {clock(took_s)}, {audio_s / took_s:.1f}x real time" if audio_s else ""
    reporter.say(f"{n_good} of {len(outcomes)} recordings done{before}{speed}.")
    if ends[End.failed_before]:
        reporter.say(f"{ends[End.failed_before]} failed in an earlier run; --retry-failed tries them again.")
    reporter.say(f"Report: {report}")
