"""The thread between the queue and the workers: gives out jobs and writes their results."""

import threading
import time
import traceback
from collections.abc import Callable

from pianotrans.errors import PianotransError, ServerError
from pianotrans.web.jobs import JobQueue
from pianotrans.web.results import ResultWriter
from pianotrans.workers.messages import (
    Decided,
    Died,
    Failed,
    Finished,
    Message,
    Progressed,
    Ready,
    Said,
    Stopped,
    Task,
    Unable,
)
from pianotrans.workers.pool import Pool

_TICK_S = 1.0
_PAUSE_S = 10.0  # before another worker is started, if the last one died before it was ready
_NO_SPACE = "The server's disk is full. Delete some jobs; the others are transcribed as soon as there is space."
_DEAD = "The server cannot transcribe any more. Start it again."


class Dispatcher:
    """Keeps the workers of a pool busy. A worker that dies or takes too long fails its job and is replaced.

    Args:
        queue: the jobs and their states.
        pool: the workers; the dispatcher closes it.
        time_limit_s: the longest time for a recording of this length, or of one that is not known yet.
        tell_problem: called with what keeps all jobs from being transcribed, and with None when that is over.
        say: receives news that users of the page do not see, line by line. Must not raise anything.
        detail: receives the tracebacks of failures. Must not raise anything.
    """

    def __init__(
        self,
        queue: JobQueue,
        pool: Pool,
        *,
        time_limit_s: Callable[[float | None], float] = lambda _: float("inf"),
        tell_problem: Callable[[str | None], None] = lambda _: None,
        say: Callable[[str], None] = lambda _: None,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self.problem: str | None = None
        self._queue, self._pool = queue, pool
        self._results = ResultWriter(queue, detail)
        self._time_limit_s, self._tell_problem = time_limit_s, tell_problem
        self._say, self._detail = say, detail
        self._first_word: Ready | Exception | None = None
        self._has_begun = threading.Event()
        self._is_closing = False
        self._pause_until_s = 0.0
        self._begun_s: dict[str, float] = {}  # when tasks were given out, on the monotonic clock
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    @property
    def is_dead(self) -> bool:
        """Whether it has ended by itself, so that no job is transcribed any more."""
        return self.problem == _DEAD

    def start(self) -> Ready:
        """Start; returns when the first worker has loaded the model. Raises the error that prevents this."""
        self._thread.start()
        while not self._has_begun.wait(0.2):  # repeatedly, so that Ctrl-C works on every system
            pass
        if isinstance(self._first_word, Exception):
            self.close()
            raise self._first_word
        assert self._first_word is not None
        return self._first_word

    def wake(self) -> None:
        """Look at the queue now: a job was added or cancelled."""
        self._pool.wake()

    def close(self) -> None:
        """End all workers at once; their jobs go back to the queue for the next start."""
        self._is_closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()
        names = [*self._results.task_names, *(task.name for task in self._pool.tasks)]
        self._pool.close()
        for name in names:
            self._queue.put_back(name)

    def _run(self) -> None:
        try:
            while not self._is_closing:
                self._work()
        except BaseException as error:  # a bug in this class: all that can be done is to tell
            self._meet(_DEAD)
            self._report(error)
            self._note_first(ServerError(_DEAD))

    def _work(self) -> None:
        try:
            self._queue.save()
            self._results.write()
            self._meet(_NO_SPACE if self._results.task_names else None)
            self._start_workers()
            self._hand_out()
            self._stop_overdue()
            self._stop_unwanted()
            for task, message in self._pool.listen(_TICK_S):
                self._hear(task, message)
        except Exception as error:  # of any kind: the other jobs and the page continue
            self._report(error)
            self._note_first(error)
            time.sleep(_TICK_S)

    def _report(self, error: BaseException) -> None:
        self._say(f"unexpected {type(error).__name__}: {error}")
        self._detail("".join(traceback.format_exception(error)))

    def _meet(self, problem: str | None) -> None:
        """Tell about a problem that is new, or over."""
        if problem != self.problem:
            self.problem = problem
            self._tell_problem(problem)
            self._say(problem or "The server's disk has space again.")

    def _start_workers(self) -> None:
        if time.monotonic() < self._pause_until_s:
            return
        try:
            self._pool.start()
        except PianotransError as error:
            self._pause(error)

    def _pause(self, error: Exception) -> None:
        """Wait before the next try to start a worker."""
        self._pause_until_s = time.monotonic() + _PAUSE_S
        self._note_first(error)

    def _hand_out(self) -> None:
        """Give jobs to idle workers, but none while the results of others cannot be written."""
        while not self.problem and self._pool.n_idle and (job := self._queue.take()):
            self._begun_s[job.id] = time.monotonic()
            recording = self._queue.folders.of(job.id).recording
            self._pool.give(Task(job.id, recording, title=job.name, is_followed=True))

    def _stop_overdue(self) -> None:
        for task in self._pool.tasks:
            job = self._queue.find(task.name)
            limit_s = self._time_limit_s(None if job is None else job.duration_s)
            if time.monotonic() - self._begun_s[task.name] > limit_s:
                self._queue.fail(
                    task.name,
                    f"{task.title}: stopped after {limit_s / 60:.0f} minutes, the limit for this recording. "
                    "The file may be damaged. If the server is slow, start it with a larger --max-job-minutes.",
                )

    def _stop_unwanted(self) -> None:
        for task in self._pool.tasks:
            if not self._queue.is_running(task.name):
                self._pool.cancel(task)

    def _hear(self, task: Task | None, message: Message) -> None:
        if isinstance(message, Said):
            self._say(message.line)
        elif isinstance(message, Ready):
            self._note_first(message)
        elif isinstance(message, Unable):
            self._note_first(message.error)
            self._say(f"A worker could not start: {message.error}")
        elif task is not None:
            self._hear_of_job(task, message)
        elif isinstance(message, Died):  # before it was ready, or between two jobs
            self._pause(ServerError(f"worker process: {message.reason}, before it was ready. Free some memory."))

    def _hear_of_job(self, task: Task, message: Message) -> None:
        job_id = task.name
        if isinstance(message, Progressed):
            self._queue.progress(job_id, message.done_s, message.total_s)
            return
        if isinstance(message, Decided):
            self._queue.decide(job_id, message)
            return
        self._begun_s.pop(job_id, None)
        if isinstance(message, Finished):
            self._results.add(task, message)
        elif isinstance(message, Failed):
            self._detail(message.trace)
            self._queue.fail(job_id, _without_paths(message.error, task))
        elif isinstance(message, Stopped):
            self._queue.settle(job_id)
        elif isinstance(message, Died):
            self._queue.fail(
                job_id,
                f"{task.title}: the worker process was {message.reason}. "
                "The file may be damaged, or too large for the memory.",
            )

    def _note_first(self, word: Ready | Exception) -> None:
        if not self._has_begun.is_set():
            self._first_word = word
            self._has_begun.set()


def _without_paths(text: str, task: Task) -> str:
    """The message with the name of the recording in place of its path on the server."""
    return text.replace(str(task.source), str(task.title)).replace(str(task.source.parent), "…")
