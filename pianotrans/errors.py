"""Every error that a user can cause or meet, under one root class.

A message is one line that says what was given, what was needed and what to do.
"""


class PianotransError(Exception):
    """Root of all errors raised on purpose; its text is fit to be shown to a user."""


class AudioError(PianotransError):
    """A recording that cannot be read, or holds nothing that can be transcribed."""


class FetchError(AudioError):
    """A recording elsewhere that cannot be brought here just now, which is no fault of the recording's."""


class StorageError(PianotransError):
    """A URL that nothing here can open."""


class MidiError(PianotransError):
    """A MIDI file that cannot be read, or values that MIDI cannot hold."""


class ModelError(PianotransError):
    """A model that is unknown, missing, damaged or of another architecture."""


class DeviceError(PianotransError):
    """A compute device that does not exist or does not work here."""


class OutputError(PianotransError):
    """An output that cannot or must not be written."""


class EvaluationError(PianotransError):
    """Transcriptions that cannot be scored or compared as asked."""


class LedgerError(PianotransError):
    """A collection's ledger that cannot be read or written."""


class WorkerError(PianotransError):
    """A worker process that cannot do any work at all."""


class ClusterError(PianotransError):
    """A Ray cluster that cannot be reached or used, or Ray itself missing."""


class DatasetError(PianotransError):
    """A data set that cannot be read, or whose index contradicts itself."""


class TrainingError(PianotransError):
    """Training that cannot begin, go on or be exported as asked."""


class ServerError(PianotransError):
    """A web server that cannot start or go on as asked."""


class Cancelled(PianotransError):  # noqa: N818 - not a failure: somebody asked for it
    """The caller asked for the work to stop."""
