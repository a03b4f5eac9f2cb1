"""The outcome of every recording, as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from pianotrans.training.preparation.running import PreparationOutcome

_COLUMNS = ("name", "split", "state", "remarks", "sample_rate", "channels", "duration_s", "events", "copied")


def report_csv(outcomes: Iterable[PreparationOutcome]) -> str:
    """A row for each recording, in order of the names: ready or refused, why, and what is odd about it."""
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(_COLUMNS)
    for outcome in sorted(outcomes, key=lambda one: one.name):
        one = outcome.recording
        if one is None:
            writer.writerow((outcome.name, outcome.split, "refused", outcome.refusal, *[""] * 5))
            continue
        figures = (one.sample_rate, one.n_channels, f"{one.duration_s:.3f}", len(one.events))
        remarks = "; ".join(one.remarks)
        writer.writerow((one.name, one.split, "ready", remarks, *figures, "yes" if one.is_cached else "no"))
    return table.getvalue()
