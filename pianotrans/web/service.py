"""Everything behind the HTTP API: the folder, the jobs in it, the workers, and the pages that listen."""

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
from pianotrans.web.job import Job
from pianotrans.web.jobs import JobQueue
from pianotrans.web.listeners import Listeners
from pianotrans.web.store import JobStore
from pianotrans.workers.messages import Ready
from pianotrans.workers.pool import Pool


@dataclass(frozen=True)
class Limits:
    """What is taken in."""

    max_upload_bytes: int = 512 * 2**20
    max_duration_s: float = 7200.0
    max_queued: int = 100


class Service:
    """The jobs of a folder, which no other server may have open; a context manager that closes it and the pool.

    Raises ServerError if the folder cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        pool: Pool,
        *,
        say: Callable[[str], None] = lambda _: None,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self.limits = limits
        self.say, self.detail = say, detail
        self.model = ""
        self.listeners = Listeners()
        self._lock = _lock(folder)
        try:
            store = JobStore(folder / "jobs.sqlite")
            self.jobs = JobQueue(
                store,
                JobFolders(folder / "jobs"),
                max_queued=limits.max_queued,
                tell=lambda job: self.listeners.tell(job.id, job_event(job)),
                tell_removed=lambda job_id: self.listeners.tell(job_id, deleted_event(job_id)),
            )
        except OSError as error:
            self._lock.release()
            raise _unusable(folder, error) from error
        except BaseException:
            self._lock.release()
            raise
        self._dispatcher = Dispatcher(self.jobs, pool, say=say, detail=detail)

    def start(self) -> Ready:
        """Start the workers; returns when the first has loaded the model. Raises what kept it from that."""
        ready = self._dispatcher.start()
        self.model = ready.model
        return ready

    def wake(self) -> None:
        """The jobs have changed by a user's hand."""
        self._dispatcher.wake()

    def close(self) -> None:
        """End the workers; what is not done waits for the next start."""
        self._dispatcher.close()
        self.jobs.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def job_event(job: Job) -> str:
    """A server-sent event about a job."""
    return f"event: job\ndata: {JobAnswer.of(job).model_dump_json()}\n\n"


def deleted_event(job_id: str) -> str:
    """A server-sent event about a job that is gone."""
    return f'event: deleted\ndata: {{"id":"{job_id}"}}\n\n'


def _lock(folder: Path) -> filelock.BaseFileLock:
    """Make the folder, and be the only server that has it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "jobs").mkdir(mode=0o700, exist_ok=True)
        lock = filelock.FileLock(folder / "lock")
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise ServerError(f"{folder}: another server works in this folder. Choose another --folder.") from None
    except OSError as error:
        raise _unusable(folder, error) from error
    return lock


def _unusable(folder: Path, error: OSError) -> ServerError:
    return ServerError(f"{folder}: cannot be written ({error.strerror or error}). Choose another --folder.")
