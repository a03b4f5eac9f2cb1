"""What the server and its workers tell each other."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """To a worker: transcribe what lies in this folder."""

    job_id: str
    name: str  # what to call the recording
    folder: Path


@dataclass(frozen=True)
class Cancel:
    """To a worker: nobody wants this any more."""

    job_id: str


@dataclass(frozen=True)
class Said:
    """One line of news, of a download say."""

    line: str


@dataclass(frozen=True)
class Ready:
    """The model is loaded."""

    device: str
    model: str


@dataclass(frozen=True)
class Unable:
    """There will be no work from this worker."""

    error: Exception


@dataclass(frozen=True)
class Progressed:
    """How far the task has come; seconds of the recording."""

    done_s: float
    duration_s: float


@dataclass(frozen=True)
class Finished:
    """The task is done, and its results lie in its folder."""

    duration_s: float
    n_notes: int
    n_pedals: int


@dataclass(frozen=True)
class Failed:
    """The task cannot be done."""

    error: str  # one line
    trace: str


@dataclass(frozen=True)
class Stopped:
    """The task was cancelled."""


Order = Task | Cancel
Message = Said | Ready | Unable | Progressed | Finished | Failed | Stopped
