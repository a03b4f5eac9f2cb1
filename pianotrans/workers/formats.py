"""Every format that a transcription can be written in, in one table for command line, collections and web app.

To add a format, write its encoder beside its kind (`events`, `views`) and add a row here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pianotrans.errors import UsageError
from pianotrans.events import Performance
from pianotrans.events.export import csv_bytes, json_bytes
from pianotrans.events.midi import midi_bytes

AudioFile = Path | BinaryIO
"""A recording that can be read again from its beginning."""


@dataclass(frozen=True)
class Heard:
    """A performance and the recording that it was heard in."""

    performance: Performance
    source: AudioFile
    allow_truncated: bool = False

    @property
    def title(self) -> str:
        """The recording's file name."""
        return PurePosixPath(str(self.source.name)).name


@dataclass(frozen=True)
class OutputFormat:
    """One row of the table.

    `encode` raises MidiError where the format cannot hold the performance, AudioError where the recording cannot be
    read again.
    """

    name: str  # as `--format` takes it
    suffixes: tuple[str, ...]  # of file names; files are written with the first
    media_type: str
    label: str  # as people read it
    encode: Callable[[Heard], bytes]
    needs_audio: bool = False  # the file holds the recording, too
    shows_confidence: bool = True


def _report(heard: Heard) -> bytes:
    from pianotrans.views import report_page

    if not isinstance(heard.source, Path):
        heard.source.seek(0)
    return report_page(heard.performance, heard.source, title=heard.title, allow_truncated=heard.allow_truncated)


_ROWS = (
    OutputFormat(
        "mid", (".mid", ".midi"), "audio/midi", "MIDI", lambda h: midi_bytes(h.performance), shows_confidence=False
    ),
    OutputFormat("json", (".json",), "application/json", "JSON", lambda h: json_bytes(h.performance)),
    OutputFormat("csv", (".csv",), "text/csv; charset=utf-8", "CSV", lambda h: csv_bytes(h.performance)),
    OutputFormat("html", (".html",), "text/html; charset=utf-8", "Report", _report, needs_audio=True),
)

FORMATS = {row.name: row for row in _ROWS}
DEFAULT_FORMAT = "mid"


def parse_formats(given: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """`["mid,json", ".csv"]` → ("mid", "json", "csv"), each once. Raises UsageError for an unknown format."""
    names = [name.strip().lower().removeprefix(".") for text in given for name in text.split(",")]
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"{name!r} is none of {', '.join(FORMATS)}.", "format")
    return tuple(dict.fromkeys(names))


def format_of(suffix: str) -> str | None:
    """The format that a file's suffix promises; None if it promises none."""
    return next((row.name for row in _ROWS if suffix.lower() in row.suffixes), None)


def suffix_of(name: str) -> str:
    """The suffix that files of a format are written with."""
    return FORMATS[name].suffixes[0]
