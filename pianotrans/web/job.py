"""A job: one uploaded recording and the state of its transcription."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

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
    remarks: tuple[str, ...] = ()  # what the transcription has told about the recording, one line each
    n_starts: int = 0  # how often a worker has started on it
    number: int = 0  # in order of arrival, starting at 1; 0: not in the queue yet
    position: int | None = None  # in the queue, starting at 1; None unless queued


def now() -> str:
    """The current time, as in `Job.created_at`."""
    return iso_time(datetime.now(UTC))


def iso_time(time: datetime) -> str:
    """A time in UTC as ISO 8601, to the millisecond."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
