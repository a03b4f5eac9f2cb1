"""A performance as JSON and as CSV."""

import csv
import io
import json

from pianotrans.events.performance import Note, Pedal, Performance


def json_text(performance: Performance) -> str:
    """The performance as JSON, one event per line, with the fields of `Performance.to_dict`.

    Times are not rounded: `Performance.from_dict(json.loads(text))` equals the performance.
    """
    fields = []
    for name, value in performance.to_dict().items():
        if isinstance(value, list) and value:
            text = "[\n  " + ",\n  ".join(json.dumps(event) for event in value) + "\n ]"
        else:
            text = json.dumps(value)
        fields.append(f' "{name}": {text}')
    return "{\n" + ",\n".join(fields) + "\n}\n"


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
