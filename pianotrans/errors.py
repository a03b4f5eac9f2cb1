"""Every error that a user can cause or meet, under one root class.

A message is one line that says what was given, what was needed and what to do. The exit code of the command line
belongs to the class.
"""

from typing import ClassVar

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130  # 130: 128 + SIGINT, as in shells


class PianotransError(Exception):
    """Root of all errors raised on purpose; their text is meant for users."""

    exit_code: ClassVar[int] = FAILED


class UsageError(PianotransError, ValueError):
    """A setting with an invalid value, or settings that contradict each other.

    `settings` are their names in Python, `reason` says what is wrong with them. The command line shows the options
    instead of the names.
    """

    exit_code: ClassVar[int] = WRONG_USAGE

    def __init__(self, reason: str, *settings: str):
        super().__init__(reason, *settings)  # both, so that the error can be sent from one process to another
        self.reason, self.settings = reason, settings

    def __str__(self) -> str:
        return f"{', '.join(self.settings)}: {self.reason}" if self.settings else self.reason


class AudioError(PianotransError):
    """A recording that cannot be read, or contains nothing to transcribe."""


class FetchError(AudioError):
    """A recording in a remote store that cannot be fetched now; the recording itself may be fine."""


class StorageError(PianotransError):
    """A URL that cannot be opened here."""

    exit_code: ClassVar[int] = WRONG_USAGE


class MidiError(PianotransError):
    """A MIDI file that cannot be read, or values that MIDI cannot hold."""


class ModelError(PianotransError):
    """A model that is unknown, missing, damaged or of another architecture."""


class DeviceError(PianotransError):
    """A compute device that does not exist or does not work here."""

    exit_code: ClassVar[int] = WRONG_USAGE


class OutputError(PianotransError):
    """An output that cannot or must not be written."""


class EvaluationError(PianotransError):
    """Transcriptions that cannot be scored or compared as asked."""


class LedgerError(PianotransError):
    """A collection's ledger that cannot be read or written."""


class WorkerError(PianotransError):
    """A worker process that cannot do any work at all."""


class ClusterError(PianotransError):
    """A Ray cluster that cannot be reached or used."""

    exit_code: ClassVar[int] = WRONG_USAGE


class LiveError(PianotransError):
    """A microphone or a MIDI port that is missing, refuses or fails."""


class ExtraError(PianotransError):
    """An optional part of the installation that is missing."""

    exit_code: ClassVar[int] = WRONG_USAGE


class DatasetError(PianotransError):
    """A data set that cannot be read, or whose index contradicts itself."""


class TrainingError(PianotransError):
    """Training that cannot start, continue or be exported as asked."""


class ServerError(PianotransError):
    """A web server that cannot start or continue."""


class Cancelled(PianotransError):  # noqa: N818 - not a failure: the caller asked for it
    """The work was stopped at the caller's request."""

    exit_code: ClassVar[int] = INTERRUPTED


class ScoreError(PianotransError):
    """Beats, bars or keys that no score can have, or hints about them that contradict each other."""

    exit_code: ClassVar[int] = WRONG_USAGE


class EditsError(PianotransError):
    """Edits that cannot be read."""
