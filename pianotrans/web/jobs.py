"""The queue: all jobs and their states. Every change is saved to disk and reported to listeners."""

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
"""A job that was running at this many deaths of the server is not started again: it may be the cause."""


class QueueFullError(PianotransError):
    """The queue has no room for another job."""


class JobQueue:
    """The jobs; safe to use from any number of threads.

    Args:
        store: saves the jobs. Jobs that it loads as running go back to their places in the queue.
        folders: the files of the jobs; folders without a job are removed.
        max_queued: largest number of queued jobs, including uploads in progress.
        tell: called with every changed job; must not block.
        tell_removed: called with the id of every removed job; must not block.
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
        self._lock = threading.RLock()  # held during writes to disk
        self._places = threading.Lock()  # never held for long: the event loop takes it
        self._n_queued = self._n_reserved = 0
        self._unsaved: set[str] = set()
        self._jobs = {job.id: job for job in store.load()}  # in order of arrival
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
        """The job with this id, or None."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or job.state is not JobState.queued:
                return job
            return replace(job, position=self._queued().index(job_id) + 1)

    def is_running(self, job_id: str) -> bool:
        """Whether a job is running: not cancelled, removed or ended."""
        with self._lock:
            return job_id in self._jobs and self._jobs[job_id].state is JobState.running

    # What users do

    @contextmanager
    def reserved_place(self) -> Iterator[None]:
        """Reserve a place in the queue during an upload; never waits for the disk. Raises QueueFullError."""
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
        """Add a job, whose recording is already in its folder, to the end of the queue.

        Raises sqlite3.Error if the job cannot be saved; its recording is then removed.
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
        """Cancel a job unless it has ended; None if there is no such job."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state.is_open:
                self._change(replace(job, state=JobState.cancelled))
            return self.find(job_id)

    def remove(self, job_id: str) -> bool:
        """Remove a job in any state, and its files; False if there is no such job."""
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
        """Take the next job from the queue and mark it as running; None if the queue is empty."""
        with self._lock:
            job = next((self._jobs[job_id] for job_id in self._queued()), None)
            if job is None:
                return None
            taken = replace(job, state=JobState.running, n_starts=job.n_starts + 1)
            self._change(taken)
            return taken

    def progress(self, job_id: str, done_s: float, duration_s: float | None) -> None:
        """Note the progress of a running job, without saving it."""
        with self._lock:
            if self.is_running(job_id):
                self._jobs[job_id] = replace(self._jobs[job_id], done_s=done_s, duration_s=duration_s)
                self._tell(self._jobs[job_id])

    def finish(self, job_id: str, **results: Any) -> None:
        """Mark a running job as done; `results` are fields of `Job`."""
        self._end(job_id, state=JobState.done, **results)

    def fail(self, job_id: str, error: str) -> None:
        """Mark a running job as failed."""
        self._end(job_id, state=JobState.failed, error=error)

    def settle(self, job_id: str) -> None:
        """Remove the files of a cancelled or removed job, once no worker uses them."""
        with self._lock:
            if job_id in self._jobs:
                self._tidy(self._jobs[job_id])
            else:
                self.folders.of(job_id).remove()

    def put_back(self, job_id: str) -> None:
        """Return a running job to its place in the queue, as if it had not been started."""
        with self._lock:
            if self.is_running(job_id):
                job = self._jobs[job_id]
                self._change(replace(job, state=JobState.queued, done_s=0.0, n_starts=job.n_starts - 1))

    def save(self) -> None:
        """Save changes that have not been saved yet, for example because the disk was full."""
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
        """Remove the files that a job no longer needs."""
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
    """The new state of a job that was running when the server died."""
    if job.n_starts < MAX_STARTS:
        return replace(job, state=JobState.queued, done_s=0.0)
    error = f"{job.name}: the server died {job.n_starts} times while working on it. It is not tried again."
    return replace(job, state=JobState.failed, error=error)
