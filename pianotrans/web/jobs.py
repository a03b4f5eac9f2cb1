"""All jobs as they stand now: who is next, who is done. Every change is kept on disk, and told to who listens."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pianotrans.errors import PianotransError
from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job, JobState
from pianotrans.web.store import JobStore

MAX_STARTS = 3
"""A job at which the whole server died so often is not begun again: it may well be the reason."""


class QueueFullError(PianotransError):
    """There are as many jobs waiting as may be."""


class JobQueue:
    """The jobs, for any number of threads.

    Args:
        store: keeps them; its jobs are taken up: what was running waits again, at the place it had.
        folders: of their files; what no job owns there is removed.
        max_queued: how many may wait at once, uploads that are under way included.
        tell: called with every job that has changed, and must not block.
        tell_removed: called with the id of every job that is gone.
    """

    def __init__(
        self,
        store: JobStore,
        folders: JobFolders,
        *,
        max_queued: int,
        tell: Callable[[Job], None] = lambda _: None,
        tell_removed: Callable[[str], None] = lambda _: None,
    ):
        self.folders = folders
        self._store = store
        self._max_queued = max_queued
        self._tell, self._tell_removed = tell, tell_removed
        self._lock = threading.RLock()  # held while the disk is written
        self._places = threading.Lock()  # never held for long: the event loop takes it
        self._n_queued = self._n_reserved = 0
        self._unsaved: set[str] = set()
        self._jobs = {job.id: job for job in store.load()}  # in the order in which they came
        folders.sweep(self._jobs.keys())
        for job in list(self._jobs.values()):
            if job.state is JobState.running:
                self._change(_taken_up(job))
            else:
                self._tidy(job)
        self._n_queued = len(self._queued())

    # Reading

    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        with self._lock:
            positions = {job_id: place for place, job_id in enumerate(self._queued(), 1)}
            return [replace(job, position=positions.get(job.id)) for job in reversed(self._jobs.values())]

    def find(self, job_id: str) -> Job | None:
        """A job, if there is such a one."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state is not JobState.queued:
                return job
            return replace(job, position=self._queued().index(job_id) + 1)

    def is_running(self, job_id: str) -> bool:
        """Whether the work on a job is still wanted."""
        with self._lock:
            return job_id in self._jobs and self._jobs[job_id].state is JobState.running

    # What users do

    @contextmanager
    def reserved_place(self) -> Iterator[None]:
        """Room for one job more, while it is being uploaded. Raises QueueFullError. Never waits for the disk."""
        with self._places:
            if self._n_queued + self._n_reserved >= self._max_queued:
                raise QueueFullError(f"The queue is full, with {self._max_queued} waiting. Try again later.")
            self._n_reserved += 1
        try:
            yield
        finally:
            with self._places:
                self._n_reserved -= 1

    def add(self, job: Job) -> Job:
        """Put a job, whose recording is in place, at the end of the queue.

        Raises sqlite3.Error if it cannot be kept; then its recording is gone.
        """
        with self._lock:
            try:
                self._store.add(job)
            except BaseException:
                self.folders.of(job.id).remove()
                raise
            self._jobs[job.id] = job
            self._n_queued += 1
            added = replace(job, position=self._n_queued)
            self._tell(added)
            return added

    def cancel(self, job_id: str) -> Job | None:
        """Have a job stop, if it is not over; None if there is no such job."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state.is_open:
                self._change(replace(job, state=JobState.cancelled))
            return self.find(job_id)

    def remove(self, job_id: str) -> bool:
        """Remove a job and its files, whatever its state; False if there is no such job."""
        with self._lock:
            if job_id not in self._jobs:
                return False
            self._store.remove(job_id)
            job = self._jobs.pop(job_id)
            self._unsaved.discard(job_id)
            self._tell_removed(job_id)
            if job.state is JobState.queued:
                self._queue_has_changed()
        self.folders.of(job_id).remove()
        return True

    # What workers do

    def take(self) -> Job | None:
        """The next job, which now runs; None if there is none."""
        with self._lock:
            job = next((self._jobs[job_id] for job_id in self._queued()), None)
            if job is None:
                return None
            taken = replace(job, state=JobState.running, n_starts=job.n_starts + 1)
            self._change(taken)
            return taken

    def progress(self, job_id: str, done_s: float, duration_s: float | None) -> None:
        """Note how far a running job has come; not on disk."""
        with self._lock:
            if self.is_running(job_id):
                self._jobs[job_id] = replace(self._jobs[job_id], done_s=done_s, duration_s=duration_s)
                self._tell(self._jobs[job_id])

    def finish(self, job_id: str, **results: Any) -> None:
        """A running job is done; `results` are fields of `Job`."""
        self._end(job_id, state=JobState.done, **results)

    def fail(self, job_id: str, error: str) -> None:
        """A running job cannot be done."""
        self._end(job_id, state=JobState.failed, error=error)

    def settle(self, job_id: str) -> None:
        """Nobody works any more on a job that was cancelled or removed."""
        with self._lock:
            if job_id in self._jobs:
                self._tidy(self._jobs[job_id])
            else:
                self.folders.of(job_id).remove()

    def put_back(self, job_id: str) -> None:
        """A running job waits again where it was, as if it had not been begun."""
        with self._lock:
            if self.is_running(job_id):
                job = self._jobs[job_id]
                self._change(replace(job, state=JobState.queued, done_s=0.0, n_starts=job.n_starts - 1))

    def save(self) -> None:
        """Try once more to keep what could not be kept for want of space, say."""
        with self._lock:
            for job_id in list(self._unsaved):
                try:
                    self._store.update(self._jobs[job_id])
                except sqlite3.Error:
                    return
                self._unsaved.discard(job_id)
                self._tidy(self._jobs[job_id])

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self.save()
            self._store.close()

    def _end(self, job_id: str, **changes: Any) -> None:
        with self._lock:
            if self.is_running(job_id):
                self._change(replace(self._jobs[job_id], **changes))
            else:
                self.settle(job_id)

    def _change(self, job: Job) -> None:
        before = self._jobs[job.id]
        self._jobs[job.id] = job
        self._unsaved.add(job.id)
        self.save()
        self._tell(job)
        if JobState.queued in (before.state, job.state):
            self._queue_has_changed()

    def _tidy(self, job: Job) -> None:
        """Remove the files that a job needs no more."""
        folder = self.folders.of(job.id)
        if job.state is JobState.done:
            folder.remove_recording()
        elif not job.state.is_open:
            folder.remove()

    def _queued(self) -> list[str]:
        return [job.id for job in self._jobs.values() if job.state is JobState.queued]

    def _queue_has_changed(self) -> None:
        queued = self._queued()
        self._n_queued = len(queued)
        for position, job_id in enumerate(queued, 1):
            self._tell(replace(self._jobs[job_id], position=position))


def _taken_up(job: Job) -> Job:
    """A job that was running when the server died."""
    if job.n_starts < MAX_STARTS:
        return replace(job, state=JobState.queued, done_s=0.0)
    error = f"{job.name}: the server died {job.n_starts} times while it was at this. It is not tried again."
    return replace(job, state=JobState.failed, error=error)
