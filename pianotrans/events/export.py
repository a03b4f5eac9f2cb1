"""Encode a performance as JSON or CSV, or in the format of a file's suffix."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

from pianotrans.errors import OutputError
from pianotrans.events.midi import midi_bytes
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


def json_bytes(performance: Performance) -> bytes:
    """`json_text` in UTF-8."""
    return json_text(performance).encode()


def csv_bytes(performance: Performance) -> bytes:
    """`csv_text` in UTF-8."""
    return csv_text(performance).encode()


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


_FORMATS: dict[str, Callable[[Performance], bytes]] = {
    ".mid": midi_bytes,
    ".midi": midi_bytes,
    ".json": json_bytes,
    ".csv": csv_bytes,
}


def encode(performance: Performance, path: str | os.PathLike[str]) -> bytes:
    """Encode the performance in the format that the suffix of `path` names.

    Raises OutputError for any other suffix, MidiError if MIDI cannot hold the performance.
    """
    path = Path(path)
    try:
        to_bytes = _FORMATS[path.suffix.lower()]
    except KeyError:
        given = f"the suffix {path.suffix!r} does not name" if path.suffix else "no suffix names"
        raise OutputError(f"{path.name or path}: {given} a format. Use one of {', '.join(_FORMATS)}.") from None
    return to_bytes(performance)
