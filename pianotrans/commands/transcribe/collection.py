"""`pianotrans transcribe FOLDER -o OUT`: transcribe a collection, with a ledger in the output folder."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from pianotrans.batch import CollectionResult, Destination, End, Item, Options, transcribe_items
from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.transcribe.planning import Plan
from pianotrans.commands.transcribe.progress import show_progress
from pianotrans.errors import PianotransError
from pianotrans.files import make_folder
from pianotrans.names import shown
from pianotrans.workers.pool import Pool, PoolMaker, WorkerPool
from pianotrans.workers.recipe import Recipe

GO_ON = "Run the same command again to continue."


def transcribe_collection(
    plan: Plan,
    to: Destination,
    recipe: Recipe,
    options: Options,
    reporter: Reporter,
    make_pool: PoolMaker | None = None,
) -> int:
    """Transcribe a collection, write the report and show a summary. Returns the number of inputs that failed."""
    start = time.monotonic()
    for one in plan.recordings:
        if isinstance(one, PianotransError):
            reporter.error(one)
    if isinstance(to.output, Path):
        make_folder(to.output)
    try:
        result = run_collection(plan, to, recipe, options, reporter, make_pool)
    except KeyboardInterrupt:
        reporter.say(GO_ON)
        raise
    if not reporter.quiet:
        _show(result, time.monotonic() - start, reporter)
    return result.n_failed


def run_collection(
    plan: Plan,
    to: Destination,
    recipe: Recipe,
    options: Options,
    reporter: Reporter,
    make_pool: PoolMaker | None = None,
) -> CollectionResult:
    """Carry out a plan, showing progress and failures. Raises the errors of `transcribe_items`."""
    if to.is_remote:
        reporter.say(f"Ledger: {to.ledger_path}")
    with show_progress(reporter) as watcher:
        return transcribe_items(plan.items, to, recipe, options, watcher, make_pool or Pool, plan.refused)


def cluster_pools(address: str, n_jobs: int | None, items: Sequence[Item]) -> PoolMaker:
    """A maker of pools on a Ray cluster for these items, with `n_jobs` workers on every node without GPUs."""
    by_folder = {item.folder: item.source for item in items}

    def make_pool(recipe: Recipe, _: int) -> WorkerPool[Any]:
        from pianotrans.batch.cluster import ClusterPool

        return ClusterPool(recipe, address, n_jobs, witnesses=tuple(by_folder.values()))

    return make_pool


def _show(result: CollectionResult, took_s: float, reporter: Reporter) -> None:
    """Show what failed and why, and a summary."""
    bad = [outcome for outcome in result.outcomes if not outcome.is_good]
    if bad:
        table = Table(box=None if reporter.is_plain else SIMPLE, pad_edge=False)
        table.add_column("not done", overflow="fold")
        table.add_column("reason", overflow="fold")
        for outcome in bad:
            table.add_row(shown(outcome.item.name), shown(outcome.error or ""))
        reporter.console.print(table)
    ends = Counter(outcome.end for outcome in result.outcomes)
    n_good = ends[End.done] + ends[End.done_before]
    audio_s = sum(outcome.audio_s for outcome in result.outcomes if outcome.end is End.done)
    before = f", {ends[End.done_before]} of them before" if ends[End.done_before] else ""
    speed = f": {clock(audio_s)} of audio in {clock(took_s)}, {audio_s / took_s:.1f}x real time" if audio_s else ""
    reporter.say(f"{n_good} of {len(result.outcomes)} recordings done{before}{speed}.")
    if ends[End.failed_before]:
        reporter.say(f"{ends[End.failed_before]} failed in an earlier run. Pass --retry-failed to retry them.")
    reporter.say(f"Report: {result.report}")
