"""`report.csv`: every recording of an output folder, what became of it, and where its results are."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from pianotrans.batch.item import Outcome
from pianotrans.batch.ledger import FOLDER, Entry, State
from pianotrans.events import write_atomically

FILE = "report.csv"
_HEADING = ("input", "outputs", "state", "error", "audio_s", "took_s", "n_notes")


def write_report(out: Path, entries: Iterable[Entry], outcomes: Iterable[Outcome]) -> Path:
    """Write the report of a ledger's entries into the output folder; a run's outcomes complete them.

    `state` is waiting, running, done or failed. Where something else is called report.csv the report goes to the
    ledger's folder. Returns its path. Raises OutputError if it cannot be written.
    """
    errors = {outcome.item.name: outcome.error for outcome in outcomes if not outcome.is_good}
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(_HEADING)
    for entry in entries:
        error = errors.get(entry.name) or entry.error
        state = State.failed if error else entry.state
        figures = (_rounded(entry.audio_s), _rounded(entry.took_s), "" if entry.n_notes is None else entry.n_notes)
        writer.writerow((entry.name, "; ".join(entry.outputs), state, error or "", *figures))
    path = out / FILE
    if path.exists() and not _is_report(path):
        path = out / FOLDER / FILE
    write_atomically(path, table.getvalue().encode("utf-8"), overwrite=True)
    return path


def _is_report(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.readline().rstrip() == ",".join(_HEADING).encode()
    except OSError:
        return False


def _rounded(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
