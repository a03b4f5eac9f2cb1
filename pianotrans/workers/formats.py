"""The table of output formats, which the command line, collections and the web app share.

The formats of `events` come from its own table. One that needs the recording, too, has a row here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pianotrans.audio import Reading
from pianotrans.errors import UsageError
from pianotrans.events import Performance
from pianotrans.events.formats import EVENT_FORMATS, EventFormat
from pianotrans.names import shown

AudioFile = Path | BinaryIO
"""A recording that can be read more than once."""


@dataclass(frozen=True)
class Heard:
    """A performance, and the recording that it was transcribed from."""

    performance: Performance
    source: AudioFile
    reading: Reading = Reading()  # noqa: RUF009 - frozen

    @property
    def title(self) -> str:
        """The recording's file name, as people see it."""
        return shown(PurePosixPath(str(self.source.name)).name)


@dataclass(frozen=True)
class OutputFormat:
    """One row of the table.

    `encode` raises MidiError if the format cannot hold the performance, AudioError if the recording cannot be read
    again.
    """

    name: str  # as `--format` takes it
    suffixes: tuple[str, ...]  # in lower case; files are written with the first
    media_type: str
    label: str  # its name for people
    encode: Callable[[Heard], bytes]
    needs_audio: bool = False  # the file contains the recording
    shows_confidence: bool = True


def _report(heard: Heard) -> bytes:
    from pianotrans.views import report_page

    if not isinstance(heard.source, Path):
        heard.source.seek(0)
    return report_page(heard.performance, heard.source, title=heard.title, reading=heard.reading)


def _of_events(row: EventFormat) -> OutputFormat:
    return OutputFormat(
        row.name,
        row.suffixes,
        row.media_type,
        row.label,
        lambda heard: row.encode(heard.performance),
        shows_confidence=row.shows_confidence,
    )


_ROWS = (
    *map(_of_events, EVENT_FORMATS),
    OutputFormat("html", (".html",), "text/html; charset=utf-8", "Report", _report, needs_audio=True),
)

FORMATS = {row.name: row for row in _ROWS}
DEFAULT_FORMAT = "mid"


def parse_formats(given: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """`["mid,json", ".csv"]` → ("mid", "json", "csv"), each once. Raises UsageError for an unknown format."""
    names = [name.strip().lower().removeprefix(".") for text in given for name in text.split(",")]
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"unknown format {name!r}. Use {', '.join(FORMATS)}.", "format")
    return tuple(dict.fromkeys(names))


def format_of(suffix: str) -> str | None:
    """The format that a file suffix stands for, or None."""
    return next((row.name for row in _ROWS if suffix.lower() in row.suffixes), None)


def suffix_of(name: str) -> str:
    """The suffix with which files of a format are written."""
    return FORMATS[name].suffixes[0]
