"""The table of output formats, which the command line, collections and the web app share."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pianotrans.audio import Reading
from pianotrans.errors import UsageError
from pianotrans.events import Durations, Fitting, Performance
from pianotrans.events.export import csv_text, json_text
from pianotrans.events.midi import midi_bytes
from pianotrans.events.midi_settings import MidiSettings
from pianotrans.extras import is_installed
from pianotrans.names import shown
from pianotrans.remarks import Remark
from pianotrans.score.score import Score
from pianotrans.score.settings import ScoreSettings

AudioFile = Path | BinaryIO
"""A recording that can be read more than once."""


@dataclass(frozen=True)
class Heard:
    """A performance, the recording that it was transcribed from, how its score is made, and how both are fitted.

    The score is made of the performance as it is; all that is written shows the fitted one.
    """

    performance: Performance
    source: AudioFile
    reading: Reading = Reading()  # noqa: RUF009 - frozen
    scoring: ScoreSettings | None = ScoreSettings()  # noqa: RUF009 - frozen; None makes no score
    midi: MidiSettings = MidiSettings()  # noqa: RUF009 - frozen
    heading: str | None = None  # the score's title; None is the file name without its suffix
    fitting: Fitting = Fitting()  # noqa: RUF009 - frozen
    beats_in: Performance | None = None  # where beats are looked for; None is the performance itself

    @property
    def title(self) -> str:
        """The recording's file name, as people see it."""
        return shown(PurePosixPath(str(self.source.name)).name)

    @cached_property
    def fitted(self) -> Performance:
        """The performance for its receiver."""
        return self._fitted_by(self.fitting)

    def _fitted_by(self, fitting: Fitting) -> Performance:
        return fitting.apply(self.performance).made_with(fitting.options())

    @cached_property
    def score(self) -> Score | None:
        """The score of the fitted performance, with a remark if it has no beats; None if none is wanted."""
        if (made := self._made) is None:
            return None
        return replace(made, performance=replace(self.fitted, remarks=made.performance.remarks))

    @cached_property
    def _made(self) -> Score | None:
        if self.scoring is None:
            return None
        from pianotrans.score.making import make_score

        heading = self.heading or PurePosixPath(self.title).stem
        score = make_score(self.performance, self.scoring, title=heading, beats_in=self.beats_in)
        if score.is_found or not self.performance.notes:
            return score
        performance = replace(self.performance, remarks=(*self.performance.remarks, NO_BEAT))
        return replace(score, performance=performance)

    @property
    def told(self) -> Performance:
        """The performance, with what the score says of it if one was made."""
        score = self.__dict__.get("score")
        return self.fitted if score is None else score.performance

    @property
    def needs_score(self) -> bool:
        """Whether MIDI depends on the score."""
        return self.scoring is not None and (self.midi.tempo == "map" or self.midi.hands)

    def midi_bytes(self, durations: Durations) -> bytes:
        """The MIDI file with notes that last while their keys are held, or while they sound."""
        from pianotrans.score.midi import score_midi

        performance = self._fitted_by(replace(self.fitting, durations=durations))
        if self.needs_score and self.score is not None:
            return score_midi(replace(self.score, performance=performance), self.midi)
        return midi_bytes(
            performance,
            bpm=self.midi.bpm,
            grid=self.midi.grid,
            midi_format=self.midi.format,
            options=self.midi.options(),
        )


NO_BEAT = Remark(
    "no-beat", "no beat found, so the tempo is fixed and bars mean nothing. If you know the tempo, give --bpm.", {}
)


@dataclass(frozen=True)
class OutputFormat:
    """One row of the table.

    `encode` raises MidiError if the format cannot hold the performance, AudioError if the recording cannot be read
    again, ScoreError if what the user says of the score contradicts itself, ExtraError if an extra is missing.
    """

    name: str  # as `--format` takes it
    suffixes: tuple[str, ...]  # in lower case; files are written with the first
    media_type: str
    label: str  # its name for people
    encode: Callable[[Heard], bytes]
    needs_audio: bool = False  # the file contains the recording
    shows_confidence: bool = True
    is_engraved: bool = False  # needs the extra `score`


def _json(heard: Heard) -> bytes:
    if heard.score is None:
        return json_text(heard.fitted).encode()
    return json_text(heard.score.performance, heard.score.to_dict()).encode()


def _report(heard: Heard) -> bytes:
    from pianotrans.views import report_page

    if not isinstance(heard.source, Path):
        heard.source.seek(0)
    performance = heard.fitted if heard.score is None else heard.score.performance
    return report_page(performance, heard.source, title=heard.title, reading=heard.reading, score=heard.score)


def _of_score(encode: Callable[[Score], bytes]) -> Callable[[Heard], bytes]:
    def encode_heard(heard: Heard) -> bytes:
        if heard.score is None:
            raise UsageError("a sheet needs a score. Leave out `scoring=None`.", "format")
        return encode(heard.score)

    return encode_heard


def _svg(score: Score) -> bytes:
    from pianotrans.score.engraving import one_svg

    return one_svg(score.to_svg()).encode()


SOUNDING = "sounding.mid"
"""MIDI in which notes last as long as they sound, whatever durations all other files have."""

_ROWS = (
    OutputFormat(
        "mid",
        (".mid", ".midi"),
        "audio/midi",
        "MIDI",
        lambda heard: heard.midi_bytes(heard.fitting.durations),
        shows_confidence=False,
    ),
    OutputFormat(
        SOUNDING,
        (".sounding.mid",),
        "audio/midi",
        "MIDI, sounding",
        lambda heard: heard.midi_bytes(Durations.sounding),
        shows_confidence=False,
    ),
    OutputFormat("json", (".json",), "application/json", "JSON", _json),
    OutputFormat("csv", (".csv",), "text/csv; charset=utf-8", "CSV", lambda heard: csv_text(heard.fitted).encode()),
    OutputFormat("html", (".html",), "text/html; charset=utf-8", "Report", _report, needs_audio=True),
    OutputFormat(
        "musicxml",
        (".musicxml",),
        "application/vnd.recordare.musicxml+xml",
        "MusicXML",
        _of_score(Score.to_musicxml),
        shows_confidence=False,
    ),
    OutputFormat(
        "svg", (".svg",), "image/svg+xml", "SVG", _of_score(_svg), shows_confidence=False, is_engraved=True
    ),
    OutputFormat(
        "pdf",
        (".pdf",),
        "application/pdf",
        "PDF",
        _of_score(Score.to_pdf),
        shows_confidence=False,
        is_engraved=True,
    ),
)

FORMATS = {row.name: row for row in _ROWS}
DEFAULT_FORMAT = "mid"


def writable_formats() -> tuple[str, ...]:
    """The formats for which everything is installed."""
    can_engrave = is_installed("score")
    return tuple(name for name, row in FORMATS.items() if can_engrave or not row.is_engraved)


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
