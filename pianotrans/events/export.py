"""A performance as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from pianotrans.events.performance import Note, Pedal, Performance


def json_text(performance: Performance, score: Mapping[str, Any] | None = None) -> str:
    """The performance as JSON, one event per line, with the fields of `Performance.to_dict`.

    `score` is added as it is; `Performance.from_dict` passes over it. Times are not rounded:
    `Performance.from_dict(json.loads(text))` equals the performance.
    """
    fields = [_field(name, value) for name, value in performance.to_dict().items()]
    if score is not None:
        inner = [_field(name, value).replace("\n", "\n ") for name, value in score.items()]
        fields.append(' "score": {\n ' + ",\n ".join(inner) + "\n }")
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _field(name: str, value: Any) -> str:
    """A member of an object; lists have one element per line."""
    if isinstance(value, list) and value:
        text = "[\n  " + ",\n  ".join(json.dumps(event) for event in value) + "\n ]"
    else:
        text = json.dumps(value)
    return f' "{name}": {text}'


def csv_text(performance: Performance) -> str:
    """The performance as one table (RFC 4180), in order of onset; times in seconds, to the microsecond.

    `type` is note or a kind of pedal; `key`, `name` (60 is C4) and `velocity` are empty for pedals, confidences
    where they are unknown.
    """
    rows: list[tuple[Note | Pedal, tuple[object, ...]]] = [
        (note, ("note", note.key, note.name, note.velocity)) for note in performance.notes
    ]
    rows += [(pedal, (pedal.kind, "", "", "")) for pedal in performance.pedals]
    rows.sort(key=lambda row: row[0].onset_s)

    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(("type", "onset_s", "offset_s", "key", "name", "velocity", "confidence", "onset_confidence"))
    for event, (kind, *what) in rows:
        span_s = (f"{event.onset_s:.6f}", f"{event.offset_s:.6f}")
        writer.writerow((kind, *span_s, *what, _rounded(event.confidence), _rounded(event.onset_confidence)))
    return table.getvalue()


def _rounded(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.6f}"
