"""One recording that was handed in, and what has become of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import PurePosixPath

from pianotrans.workers.formats import suffix_of

ID_PATTERN = r"[0-9a-f]{32}"


class JobState(StrEnum):
    """How far a job has come."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to do."""
        return self in (JobState.queued, JobState.running)


@dataclass(frozen=True)
class Job:
    """A recording and its transcription; times in seconds of the recording."""

    id: str  # random, and nothing else: whoever does not know it cannot guess it
    name: str  # the file's, as the user has it; never part of a path
    n_bytes: int
    created_at: str  # ISO 8601, UTC
    state: JobState = JobState.queued
    duration_s: float | None = None  # None: not known yet
    done_s: float = 0.0
    n_notes: int | None = None
    n_pedals: int | None = None
    error: str | None = None  # one line
    n_starts: int = 0  # how often a worker has begun with it
    position: int | None = None  # in the queue, the next one is 1; only what is queued has one


def now() -> str:
    """This moment as jobs note it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_name(name: str) -> str:
    """A file's name without the folders that a browser may have put before it."""
    return name.rpartition("/")[2]


def download_name(name: str, format_name: str) -> str:
    """What `transcribe` would call the result: song.mp3 becomes song.mid.

    Without what no file name may hold on some system or other, so that it is one name and no path anywhere.
    """
    safe = "".join("_" if char in "/\\" or not char.isprintable() else char for char in name)
    if not safe.strip(". "):
        safe = "recording"
    return PurePosixPath(safe).with_suffix(suffix_of(format_name)).name
