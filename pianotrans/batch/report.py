"""`report.csv`: every recording of an output folder, what became of it, and where its results are."""

import csv
import io
from collections.abc import Iterable

from pianotrans.batch.item import Outcome
from pianotrans.batch.ledger import EntryState, Ledger
from pianotrans.workers.storage import Address, exists, read, write

FILE = "report.csv"
_HEADING = ("input", "outputs", "state", "error", "audio_s", "took_s", "n_notes")


def write_report(ledger: Ledger, outcomes: Iterable[Outcome]) -> Address:
    """Write the report of a ledger's entries into the output folder; a run's outcomes complete them.

    `state` is waiting, running, done or failed. Where something else is called report.csv the report goes beside
    the ledger. Returns its path. Raises OutputError if it cannot be written.
    """
    errors = {outcome.item.name: outcome.error for outcome in outcomes if not outcome.is_good}
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(_HEADING)
    for entry in ledger.entries():
        error = errors.get(entry.name) or entry.error
        state = EntryState.failed if error else entry.state
        figures = (_rounded(entry.audio_s), _rounded(entry.took_s), "" if entry.n_notes is None else entry.n_notes)
        writer.writerow((entry.name, "; ".join(entry.outputs), state, error or "", *figures))
    path: Address = ledger.out / FILE
    if exists(path) and not _is_report(path):
        path = ledger.path.with_name(FILE)
    write(path, table.getvalue().encode("utf-8"), overwrite=True)
    return path


def _is_report(path: Address) -> bool:
    content = read(path)
    return content is not None and content.startswith(",".join(_HEADING).encode())


def _rounded(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
