"""Everything behind the HTTP API: the folder, its jobs, the workers, and the listening pages."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock

from pianotrans.errors import ServerError
from pianotrans.web.answers import JobAnswer
from pianotrans.web.dispatcher import Dispatcher
from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job, JobState
from pianotrans.web.jobs import JobQueue
from pianotrans.web.listeners import Listeners
from pianotrans.web.live import LiveNotes
from pianotrans.web.preview import Preview
from pianotrans.web.revisions import Revisions
from pianotrans.web.space import Space
from pianotrans.web.store import JobStore
from pianotrans.web.teller import Teller
from pianotrans.web.workshop import Workshop
from pianotrans.workers.messages import Decided, Ready
from pianotrans.workers.pool import Pool

_JOB_S, _JOB_PER_SECOND = 600.0, 10.0  # even slow machines are faster than the recording
_REVISION_S = 120.0  # the first starts the process, which takes half a minute on a busy machine
_N_TOLD = 100  # so many positions in the queue are told to pages


@dataclass(frozen=True)
class Limits:
    """The limits for uploads, the queue and jobs."""

    max_upload_bytes: int = 512 * 2**20
    max_duration_s: float = 7200.0
    max_queued: int = 100
    max_edits_bytes: int = 8 * 2**20  # twenty thousand notes, all of them changed, take half of it
    max_job_s: float | None = None  # None: ten minutes, and ten times the length of the recording
    min_free_bytes: int | None = None  # that uploads leave on the disk; None: depends on its size

    def revision_s(self, duration_s: float | None) -> float:
        """The longest time to make a result or a score with edits, which grows with the recording."""
        return _REVISION_S + (duration_s or 0.0)

    def job_s(self, duration_s: float | None) -> float:
        """The longest time for a job whose recording has this length, or one that is not known yet."""
        if self.max_job_s is not None:
            return self.max_job_s
        return _JOB_S + _JOB_PER_SECOND * (duration_s or 0.0)


class Service:
    """The jobs of a folder, for one server at a time. A context manager that also closes the pool.

    Raises ServerError if the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        pool: Pool,
        workshop: Workshop | None = None,
        preview: Preview | None = None,
        *,
        say: Callable[[str], None] = lambda _: None,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self.limits = limits
        self.model = ""
        self.listeners = Listeners()
        self.live = LiveNotes()
        self._lock = _lock(folder)
        self._teller = Teller(say, detail)
        self.say, self.detail = self._teller.say, self._teller.detail
        self.workshop = workshop or Workshop(detail=self.detail)
        self.preview = preview or Preview(max_s=limits.max_duration_s, detail=self.detail)
        self.space = Space(folder, limits.min_free_bytes)
        try:
            store = JobStore(folder / "jobs.sqlite")
            self.jobs = JobQueue(
                store,
                JobFolders(folder / "jobs"),
                max_queued=limits.max_queued,
                tell=self._tell_job,
                tell_removed=self._tell_removed,
                tell_queue=lambda: self.listeners.tell("queue", self.queue_event),
                tell_decided=self._tell_decided,
                say=self.say,
            )
            self.revisions = Revisions(self.jobs.folders)
        except BaseException as error:
            self._let_go()
            if isinstance(error, OSError):
                raise _unusable(folder, error) from error
            raise
        self._dispatcher = Dispatcher(
            self.jobs,
            pool,
            time_limit_s=limits.job_s,
            tell_problem=lambda _: self.listeners.tell("problem", self.problem_event),
            say=self.say,
            detail=self.detail,
        )

    @property
    def problem(self) -> str | None:
        """What keeps all jobs from being transcribed, in one line; None if nothing does."""
        return self._dispatcher.problem

    @property
    def is_dead(self) -> bool:
        """Whether no job will be transcribed any more."""
        return self._dispatcher.is_dead

    def start(self) -> Ready:
        """Start the workers; returns when the first has loaded the model. Raises the error that prevents this."""
        ready = self._dispatcher.start()
        self.model = ready.model
        return ready

    def wake(self) -> None:
        """Look at the queue now: a user has changed a job."""
        self._dispatcher.wake()

    def close(self) -> None:
        """End the workers; unfinished jobs wait for the next start."""
        self.workshop.close()
        self.preview.close()
        self._dispatcher.close()
        self.jobs.close()
        self._let_go()

    def _tell_job(self, job: Job) -> None:
        self.listeners.tell(job.id, lambda: job_event(job))
        if job.state is not JobState.running:
            self._end_live(job.id)

    def _tell_removed(self, job_id: str) -> None:
        self.listeners.tell(job_id, lambda: deleted_event(job_id))
        self._end_live(job_id)

    def _tell_decided(self, job_id: str, decided: Decided) -> None:
        self.live.add(job_id, decided)
        self.listeners.nudge(job_id)

    def _end_live(self, job_id: str) -> None:
        self.live.end(job_id)
        self.listeners.nudge(job_id)

    def _let_go(self) -> None:
        self._teller.close()
        self._lock.release()

    def queue_event(self) -> str:
        """A server-sent event about the queue: the jobs that are next, and how many wait."""
        ids, n_queued = self.jobs.next_jobs(_N_TOLD)
        return _event("queue", {"ids": ids, "n_queued": n_queued})

    def problem_event(self) -> str:
        """A server-sent event about what keeps all jobs from being transcribed."""
        return _event("problem", {"problem": self.problem})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def job_event(job: Job) -> str:
    """A server-sent event about a job."""
    return _event("job", JobAnswer.of(job).model_dump())


def deleted_event(job_id: str) -> str:
    """A server-sent event about a deleted job."""
    return _event("deleted", {"id": job_id})


def _event(name: str, data: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _lock(folder: Path) -> filelock.BaseFileLock:
    """Create the folder if necessary, and lock it against other servers."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "jobs").mkdir(mode=0o700, exist_ok=True)
        lock = filelock.FileLock(folder / "lock")
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise ServerError(f"{folder}: another server uses this folder. Choose another --folder.") from None
    except OSError as error:
        raise _unusable(folder, error) from error
    return lock


def _unusable(folder: Path, error: OSError) -> ServerError:
    return ServerError(f"{folder}: cannot be written ({error.strerror or error}). Choose another --folder.")
