"""The formats that hold a performance and nothing else, in one table.

To add a format, write its encoder in a file of this room and add a row here: `Performance.save` and everything that
writes files then know it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pianotrans.errors import OutputError
from pianotrans.events.export import csv_text, json_text
from pianotrans.events.midi import midi_bytes
from pianotrans.events.performance import Performance


@dataclass(frozen=True)
class EventFormat:
    """One row of the table. `encode` raises MidiError if the format cannot hold the performance."""

    name: str
    suffixes: tuple[str, ...]  # in lower case; files are written with the first
    media_type: str
    label: str  # its name for people
    encode: Callable[[Performance], bytes]
    shows_confidence: bool = True


EVENT_FORMATS = (
    EventFormat("mid", (".mid", ".midi"), "audio/midi", "MIDI", midi_bytes, shows_confidence=False),
    EventFormat("json", (".json",), "application/json", "JSON", lambda played: json_text(played).encode()),
    EventFormat("csv", (".csv",), "text/csv; charset=utf-8", "CSV", lambda played: csv_text(played).encode()),
)

_ENCODERS = {suffix: row.encode for row in EVENT_FORMATS for suffix in row.suffixes}


def encode(performance: Performance, path: str | os.PathLike[str]) -> bytes:
    """Encode the performance in the format that the suffix of `path` names.

    Raises OutputError for any other suffix, MidiError if MIDI cannot hold the performance.
    """
    path = Path(path)
    try:
        to_bytes = _ENCODERS[path.suffix.lower()]
    except KeyError:
        given = f"the suffix {path.suffix!r} does not name" if path.suffix else "no suffix names"
        raise OutputError(f"{path.name or path}: {given} a format. Use one of {', '.join(_ENCODERS)}.") from None
    return to_bytes(performance)
