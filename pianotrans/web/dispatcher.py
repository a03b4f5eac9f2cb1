"""The thread between the queue and the workers: hands out jobs, writes what comes back."""

import threading
import time
import traceback
from collections.abc import Callable

from pianotrans.errors import PianotransError, ServerError
from pianotrans.files import write_atomically
from pianotrans.web.jobs import JobQueue
from pianotrans.workers.messages import (
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
_PAUSE_S = 10.0  # before a worker is started again, if the last one could not even begin


class Dispatcher:
    """Keeps the workers of a pool busy. A worker that dies fails its job and is replaced.

    Args:
        queue: where jobs come from and results go.
        pool: the workers; it is closed with the dispatcher.
        say: is told what the users of the page cannot see, one line each.
        detail: is told the tracebacks of failures.
    """

    def __init__(
        self,
        queue: JobQueue,
        pool: Pool,
        *,
        say: Callable[[str], None] = lambda _: None,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self._queue, self._pool = queue, pool
        self._say, self._detail = say, detail
        self._first_word: Ready | Exception | None = None
        self._has_begun = threading.Event()
        self._is_closing = False
        self._pause_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> Ready:
        """Begin; returns when the first worker has loaded the model. Raises what kept it from that."""
        self._thread.start()
        while not self._has_begun.wait(0.2):  # in turns, so that Ctrl-C is heard on every system
            pass
        if isinstance(self._first_word, Exception):
            self.close()
            raise self._first_word
        assert self._first_word is not None
        return self._first_word

    def wake(self) -> None:
        """There is a new job in the queue, or one was cancelled."""
        self._pool.wake()

    def close(self) -> None:
        """End all workers at once; their jobs wait for the next start."""
        self._is_closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()
        tasks = self._pool.tasks
        self._pool.close()
        for task in tasks:
            self._queue.put_back(task.name)

    def _run(self) -> None:
        while not self._is_closing:
            try:
                self._queue.save()
                self._start_workers()
                self._hand_out()
                self._stop_unwanted()
                for task, message in self._pool.listen(_TICK_S):
                    self._hear(task, message)
            except Exception as error:  # whatever it is, the other jobs and the page go on
                self._say(f"unexpected {type(error).__name__}: {error}")
                self._detail("".join(traceback.format_exception(error)))
                self._note_first(error)
                time.sleep(_TICK_S)

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
        while self._pool.n_idle and (job := self._queue.take()):
            self._pool.give(Task(job.id, self._queue.folders.of(job.id).recording, title=job.name))

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
            self._say(f"A worker could not begin: {message.error}")
        elif task is not None:
            self._hear_of_job(task, message)
        elif isinstance(message, Died):  # before it was ready, or between two jobs
            self._pause(ServerError(f"worker process: {message.reason}, before it could work. Free some memory."))

    def _hear_of_job(self, task: Task, message: Message) -> None:
        job_id = task.name
        if isinstance(message, Progressed):
            self._queue.progress(job_id, message.done_s, message.total_s)
        elif isinstance(message, Finished):
            self._finish(task, message)
        elif isinstance(message, Failed):
            self._detail(message.trace)
            self._queue.fail(job_id, message.error)
        elif isinstance(message, Stopped):
            self._queue.settle(job_id)
        elif isinstance(message, Died):
            self._queue.fail(
                job_id,
                f"{task.title}: the process that worked on it was {message.reason}. "
                "The file may be damaged, or the memory too small for it.",
            )

    def _finish(self, task: Task, result: Finished) -> None:
        """Write the results, unless nobody wants them any more."""
        if not self._queue.is_running(task.name):
            self._queue.settle(task.name)
            return
        folder = self._queue.folders.of(task.name)
        try:
            for format_name, content in result.contents.items():
                write_atomically(folder.result(format_name), content, overwrite=True)
        except PianotransError as error:
            self._queue.fail(task.name, f"{task.title}: the results cannot be written. {error}")
            return
        self._queue.finish(
            task.name,
            duration_s=result.audio_s,
            done_s=result.audio_s,
            n_notes=result.n_notes,
            n_pedals=result.n_pedals,
        )

    def _note_first(self, word: Ready | Exception) -> None:
        if not self._has_begun.is_set():
            self._first_word = word
            self._has_begun.set()
