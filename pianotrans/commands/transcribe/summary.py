"""What was done, as a table: recordings transcribed one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import SIMPLE

from pianotrans.commands.console import Reporter, clock
from pianotrans.commands.transcribe.outputs import STDOUT, Job

if TYPE_CHECKING:
    from pianotrans.events import Performance


@dataclass(frozen=True)
class Done:
    """One recording transcribed."""

    job: Job
    performance: "Performance"
    took_s: float


def show_summary(done: Sequence[Done], reporter: Reporter) -> None:
    """A row for each recording."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None if reporter.is_plain else SIMPLE, pad_edge=False)
    table.add_column("recording", overflow="fold")
    for heading in ("notes", "pedals", "duration", "time taken", "speed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("written to", overflow="fold")
    for one in done:
        performance = one.performance
        table.add_row(
            escape(one.job.source.name),
            str(len(performance.notes)),
            str(len(performance.pedals)),
            clock(performance.duration_s),
            clock(one.took_s),
            f"{performance.duration_s / one.took_s:.1f}x",
            escape(
                ", ".join("standard output" if path == STDOUT else str(path) for path in one.job.outputs.values())
            ),
        )
    reporter.console.print(table)
