"""The queue: all jobs and their states. Every change is saved to disk and reported to listeners."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from pianotrans.errors import PianotransError
from pianotrans.web.folders import JobFolders
from pianotrans.web.job import Job, JobState
from pianotrans.web.store import JobStore
from pianotrans.web.waiting import WaitingLine
from pianotrans.workers.messages import Decided

MAX_STARTS = 3
"""A job that was running at this many deaths of the server is not started again: it may be the cause."""


class QueueFullError(PianotransError):
    """The queue has no room for another job."""


class JobQueue:
    """The jobs; safe to use from any number of threads.

    Args:
        store: saves the jobs. Jobs that it loads as running go back to their places in the queue.
        folders: the files of the jobs; folders without a job are set aside.
        max_queued: largest number of queued jobs, including uploads in progress.
        tell: called with every changed job; must not block.
        tell_removed: called with the id of every removed job; must not block.
        tell_queue: called when the queue has changed; must not block.
        tell_decided: called with the id of a running job and what is decided of it; must not block.
        say: receives news for the owner of the server, line by line.
    """

    def __init__(
        self,
        store: JobStore,
        folders: JobFolders,
        *,
        max_queued: int,
        tell: Callable[[Job], None] = lambda _: None,
        tell_removed: Callable[[str], None] = lambda _: None,
        tell_queue: Callable[[], None] = lambda: None,
        tell_decided: Callable[[str, Decided], None] = lambda *_: None,
        say: Callable[[str], None] = lambda _: None,
    ):
        self.folders = folders
        self._store = store
        self._max_queued = max_queued
        self._tell, self._tell_removed, self._tell_queue = tell, tell_removed, tell_queue
        self._tell_decided = tell_decided
        self._lock = threading.RLock()  # held during writes to disk
        self._places = threading.Lock()  # never held for long: the event loop takes it
        self._n_reserved = 0
        self._unsaved: set[str] = set()
        self._removed: set[str] = set()  # whose rows are still in the store
        self._jobs = {job.id: job for job in store.load()}  # in order of arrival
        self._waiting = WaitingLine()
        self._take_up(say)

    # Reading

    def jobs(self, limit: int | None = None, before: int | None = None) -> list[Job]:
        """The jobs, newest first: at most `limit`, of those with a number below `before`."""
        with self._lock:
            newest_first = reversed(self._jobs.values())
            older = (job for job in newest_first if before is None or job.number < before)
            return [self._placed(job) for job in islice(older, limit)]

    def find(self, job_id: str) -> Job | None:
        """The job with this id, or None."""
        with self._lock:
            job = self._jobs.get(job_id)
            return None if job is None else self._placed(job)

    def is_running(self, job_id: str) -> bool:
        """Whether a job is running: not cancelled, removed or ended."""
        with self._lock:
            return job_id in self._jobs and self._jobs[job_id].state is JobState.running

    def next_jobs(self, n_jobs: int) -> tuple[list[str], int]:
        """The ids of the next jobs, and the number of all that are queued. Never waits for the disk."""
        return self._waiting.first(n_jobs), len(self._waiting)

    # What users do

    @contextmanager
    def reserved_place(self) -> Iterator[None]:
        """Reserve a place in the queue during an upload; never waits for the disk. Raises QueueFullError."""
        with self._places:
            if len(self._waiting) + self._n_reserved >= self._max_queued:
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
                job = self._store.add(job)
            except BaseException:
                self.folders.of(job.id).remove()
                raise
            self._jobs[job.id] = job
            self._waiting.add(job)
            added = self._placed(job)
            self._tell(added)
            self._tell_queue()
            return added

    def cancel(self, job_id: str) -> Job | None:
        """Cancel a job unless it has ended; None if there is no such job."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state.is_open:
                self._change(replace(job, state=JobState.cancelled))
            return self.find(job_id)

    def remove(self, job_id: str) -> bool:
        """Remove a job in any state, and its files; False if there is no such job.

        The files go first: they make room on a full disk, and the store needs some even for a removal.
        """
        with self._lock:
            job = self._jobs.pop(job_id, None)
            if job is None:
                return False
            self._unsaved.discard(job_id)
            self._removed.add(job_id)
            self._tell_removed(job_id)
            self._line_up(job, None)
        self.folders.of(job_id).remove()
        self.save()
        return True

    # What workers do

    def take(self) -> Job | None:
        """Take the next job from the queue and mark it as running; None if the queue is empty."""
        with self._lock:
            first = self._waiting.first(1)
            if not first:
                return None
            job = self._jobs[first[0]]
            taken = replace(job, state=JobState.running, n_starts=job.n_starts + 1)
            self._change(taken)
            return taken

    def progress(self, job_id: str, done_s: float, duration_s: float | None) -> None:
        """Note the progress of a running job, without saving it."""
        with self._lock:
            if self.is_running(job_id):
                self._jobs[job_id] = replace(self._jobs[job_id], done_s=done_s, duration_s=duration_s)
                self._tell(self._jobs[job_id])

    def decide(self, job_id: str, decided: Decided) -> None:
        """Pass on what is decided of a running job."""
        with self._lock:
            if self.is_running(job_id):
                self._tell_decided(job_id, decided)

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
        with self._lock, suppress(sqlite3.Error):
            for job_id in list(self._removed):
                self._store.remove(job_id)
                self._removed.discard(job_id)
            for job_id in list(self._unsaved):
                self._store.update(self._jobs[job_id])
                self._unsaved.discard(job_id)
                self._tidy(self._jobs[job_id])

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self.save()
            self._store.close()

    def _take_up(self, say: Callable[[str], None]) -> None:
        """Continue with the jobs of the store, as far as their files are there."""
        for job in self._jobs.values():
            if job.state is JobState.queued:
                self._waiting.add(job)
        self.folders.take_back(self._jobs.keys())
        lost = [
            job
            for job in self._jobs.values()
            if job.state.is_open and not self.folders.of(job.id).recording.is_file()
        ]
        n_aside = self.folders.set_aside(self._jobs.keys() - {job.id for job in lost})
        if n_aside:
            say(
                f"Folders of jobs that the database does not know: {n_aside}. They were moved to "
                f"{self.folders.aside}; nothing was deleted. To take them up again, stop the server and put the "
                "right database back."
            )
        for job in lost:
            error = f"{job.name}: the recording is missing in the server's folder. Upload it again."
            self._change(replace(job, state=JobState.failed, error=error))
        for job in list(self._jobs.values()):
            if job.state is JobState.running:
                self._change(_taken_up(job))
            else:
                self._tidy(job)

    def _end(self, job_id: str, **changes: Any) -> None:
        with self._lock:
            if self.is_running(job_id):
                self._change(replace(self._jobs[job_id], **changes))
            else:
                self.settle(job_id)

    def _change(self, job: Job) -> None:
        before = self._jobs[job.id]
        self._jobs[job.id] = job
        self._line_up(before, job)
        self._unsaved.add(job.id)
        self.save()
        self._tell(self._placed(job))

    def _line_up(self, before: Job, after: Job | None) -> None:
        """Bring the queue up to date with a change of a job."""
        was, waits = (job is not None and job.state is JobState.queued for job in (before, after))
        if was == waits:
            return
        if after is not None and waits:
            self._waiting.add(after)
        else:
            self._waiting.remove(before)
        self._tell_queue()

    def _placed(self, job: Job) -> Job:
        """The job with its position in the queue."""
        return replace(job, position=self._waiting.position(job)) if job.state is JobState.queued else job

    def _tidy(self, job: Job) -> None:
        """Remove the files that a job no longer needs."""
        folder = self.folders.of(job.id)
        if job.state is JobState.done:
            folder.remove_recording()
        elif not job.state.is_open:
            folder.remove()


def _taken_up(job: Job) -> Job:
    """The new state of a job that was running when the server died."""
    if job.n_starts < MAX_STARTS:
        return replace(job, state=JobState.queued, done_s=0.0)
    error = f"{job.name}: the server died {job.n_starts} times while working on it. It is not tried again."
    return replace(job, state=JobState.failed, error=error)
