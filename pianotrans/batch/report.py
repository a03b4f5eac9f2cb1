"""`report.csv`: the state and the outputs of every recording of an output folder."""

from collections.abc import Iterable

from pianotrans.batch.entry import EntryState
from pianotrans.batch.item import Outcome
from pianotrans.batch.ledger import Ledger
from pianotrans.names import csv_text, restored, shown
from pianotrans.workers.storage import Address, exists, read, write

FILE = "report.csv"
_HEADING = ("input", "outputs", "state", "error", "audio_s", "took_s", "n_notes")


def write_report(ledger: Ledger, outcomes: Iterable[Outcome]) -> Address:
    """Write a report of the ledger's entries and the errors of a run's outcomes into the output folder.

    `state` is waiting, running, done or failed. Outcomes that the ledger does not know, such as a folder that
    cannot be read, have rows of their own at the end. If a file that is not a report has the name report.csv, the
    report goes beside the ledger. Returns its address. Raises OutputError if it cannot be written.
    """
    errors = {outcome.item.name: outcome.error or "" for outcome in outcomes if not outcome.is_good}
    rows: list[tuple[object, ...]] = []
    for entry in ledger.entries():
        error = errors.pop(entry.name, None) or entry.error
        state = EntryState.failed if error else entry.state
        outputs = "; ".join(shown(restored(output)) for output in entry.outputs)
        n_notes = "" if entry.n_notes is None else entry.n_notes
        figures = (_rounded(entry.audio_s), _rounded(entry.took_s), n_notes)
        rows.append((shown(restored(entry.name)), outputs, state, error or "", *figures))
    rows += [(shown(restored(name)), "", EntryState.failed, error, "", "", "") for name, error in errors.items()]
    path: Address = ledger.out / FILE
    if exists(path) and not _is_report(path):
        path = ledger.path.with_name(FILE)
    write(path, csv_text(_HEADING, rows).encode("utf-8"), overwrite=True)
    return path


def _is_report(path: Address) -> bool:
    content = read(path)
    return content is not None and content.startswith(",".join(_HEADING).encode())


def _rounded(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
