"""A job: one uploaded recording and the state of its transcription."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath

from pianotrans.workers.formats import suffix_of

ID_PATTERN = r"[0-9a-f]{32}"


class JobState(StrEnum):
    """The state of a job."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether the job has not ended yet."""
        return self in (JobState.queued, JobState.running)


@dataclass(frozen=True)
class Job:
    """A recording and its transcription; times in seconds of the recording."""

    id: str  # random, so that it cannot be guessed
    name: str  # the file's name as given by the user; never part of a path
    n_bytes: int
    created_at: str  # ISO 8601, UTC
    state: JobState = JobState.queued
    duration_s: float | None = None  # None: not known yet
    done_s: float = 0.0
    n_notes: int | None = None
    n_pedals: int | None = None
    error: str | None = None  # one line
    n_starts: int = 0  # how often a worker has started on it
    position: int | None = None  # in the queue, starting at 1; None unless queued


def now() -> str:
    """The current time, as in `Job.created_at`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_name(name: str) -> str:
    """A file's name without the folders that a browser may have added."""
    return name.rpartition("/")[2]


def download_name(name: str, format_name: str) -> str:
    """The name that `transcribe` would give to the result: song.mp3 becomes song.mid.

    Slashes and characters that cannot be printed are replaced, so that it is a plain file name on every system.
    """
    safe = "".join("_" if char in "/\\" or not char.isprintable() else char for char in name)
    if not safe.strip(". "):
        safe = "recording"
    return PurePosixPath(safe).with_suffix(suffix_of(format_name)).name
