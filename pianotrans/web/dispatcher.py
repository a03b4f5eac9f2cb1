"""The thread that hands jobs to workers and hears what becomes of them."""

import contextlib
import multiprocessing
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import wait

from pianotrans.errors import ServerError
from pianotrans.processes import reason_of_death
from pianotrans.web.jobs import JobQueue
from pianotrans.web.messages import (
    Cancel,
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
from pianotrans.web.spawning import Starter, Worker

_TICK_S = 1.0
_PATIENCE_S = 20.0  # a worker that was asked to stop and does not, hangs in one recording's damage: it is killed
_PAUSE_S = 10.0  # before a worker is started anew, if the last one could not even begin


class Dispatcher:
    """Keeps `n_workers` workers busy; on a GPU one. One that dies fails its job and is replaced.

    Args:
        queue: where jobs come from and results go.
        start_worker: starts one.
        n_workers: how many at once.
        say: told of what the users of the page cannot see, one line each.
        detail: told the tracebacks of failures.
    """

    def __init__(
        self,
        queue: JobQueue,
        start_worker: Starter,
        *,
        n_workers: int = 1,
        say: Callable[[str], None] = lambda _: None,
        detail: Callable[[str], None] = lambda _: None,
    ):
        self._queue = queue
        self._start_worker = start_worker
        self._n_wanted, self._n_allowed = 1, n_workers  # the first one may have to fetch the model
        self._say, self._detail = say, detail
        self._workers: list[Worker] = []
        self._first_word: Ready | Exception | None = None
        self._has_begun = threading.Event()
        self._is_closing = False
        self._pause_until_s = 0.0
        self._is_rung = False
        self._alarm, self._bell = multiprocessing.Pipe(duplex=False)
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
        """There is something new in the queue, or somebody has cancelled a job."""
        if not self._is_rung:  # once is enough, and the pipe must not fill up
            self._is_rung = True
            with contextlib.suppress(OSError):  # closed meanwhile
                self._bell.send(None)

    def close(self) -> None:
        """End all workers at once; what they were at waits for the next start."""
        self._is_closing = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join()
        for worker in self._workers:
            worker.process.kill()
            self._dispose(worker)
            if worker.job_id is not None:
                self._queue.put_back(worker.job_id)
        self._workers.clear()
        self._bell.close()
        self._alarm.close()

    def _run(self) -> None:
        while not self._is_closing:
            try:
                self._queue.save()
                self._add_workers()
                self._hand_out()
                self._stop_unwanted()
                self._listen()
            except Exception as error:  # whatever it is, the other jobs and the page go on
                self._say(f"unexpected {type(error).__name__}: {error}")
                self._detail("".join(traceback.format_exception(error)))
                self._note_first(error)
                time.sleep(_TICK_S)

    def _add_workers(self) -> None:
        if time.monotonic() < self._pause_until_s:
            return
        while len(self._workers) < self._n_wanted:
            try:
                self._workers.append(self._start_worker())
            except OSError as error:
                self._pause_until_s = time.monotonic() + _PAUSE_S
                self._note_first(ServerError(f"worker process: cannot be started ({error}). Free some memory."))
                return

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.is_ready and worker.job_id is None and (job := self._queue.take()):
                worker.job_id = job.id
                task = Task(job.id, job.name, self._queue.folders.of(job.id).path)
                with contextlib.suppress(OSError):  # it died just now: `_listen` finds out
                    worker.connection.send(task)

    def _stop_unwanted(self) -> None:
        for worker in self._workers:
            if worker.job_id is None or self._queue.is_running(worker.job_id):
                continue
            if worker.stop_asked_s is None:
                worker.stop_asked_s = time.monotonic()
                with contextlib.suppress(OSError):
                    worker.connection.send(Cancel(worker.job_id))
            elif time.monotonic() - worker.stop_asked_s > _PATIENCE_S:
                worker.process.kill()

    def _listen(self) -> None:
        connections = {worker.connection: worker for worker in self._workers}
        for ready in wait([*connections, self._alarm], _TICK_S):
            if ready is self._alarm:
                self._is_rung = False
                while self._alarm.poll():
                    self._alarm.recv()
                continue
            worker = connections[ready]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):  # it may break off in the middle of a message
                self._bury(worker)
            else:
                self._hear(worker, message)

    def _hear(self, worker: Worker, message: Message) -> None:
        if isinstance(message, Said):
            self._say(message.line)
        elif isinstance(message, Ready):
            worker.is_ready = True
            self._n_wanted = self._n_allowed if message.device == "cpu" else 1
            self._note_first(message)
        elif isinstance(message, Unable):
            self._note_first(message.error)
            self._say(f"A worker could not begin: {message.error}")
        elif worker.job_id is not None:
            self._hear_of_job(worker, worker.job_id, message)

    def _hear_of_job(self, worker: Worker, job_id: str, message: Message) -> None:
        if isinstance(message, Progressed):
            self._queue.progress(job_id, message.done_s, message.duration_s)
            return
        if isinstance(message, Finished):
            self._queue.finish(
                job_id,
                duration_s=message.duration_s,
                done_s=message.duration_s,
                n_notes=message.n_notes,
                n_pedals=message.n_pedals,
            )
        elif isinstance(message, Failed):
            self._detail(message.trace)
            self._queue.fail(job_id, message.error)
        elif isinstance(message, Stopped):
            self._queue.settle(job_id)
        worker.job_id = worker.stop_asked_s = None

    def _bury(self, worker: Worker) -> None:
        """Take a dead worker out; its job has failed. Another one follows."""
        self._dispose(worker)
        self._workers.remove(worker)
        if not worker.is_ready:
            self._pause_until_s = time.monotonic() + _PAUSE_S
            self._note_first(
                ServerError(f"worker process: {worker.reason}, before it could work. Free some memory.")
            )
        if worker.job_id is not None:
            job = self._queue.find(worker.job_id)
            name = worker.job_id if job is None else job.name
            self._queue.fail(
                worker.job_id,
                f"{name}: the process that worked on it was {worker.reason}. "
                "The file may be damaged, or the memory too small for it.",
            )

    def _dispose(self, worker: Worker) -> None:
        worker.process.join()
        worker.reason = reason_of_death(worker.process.exitcode)
        worker.process.close()
        worker.connection.close()

    def _note_first(self, word: Ready | Exception) -> None:
        if not self._has_begun.is_set():
            self._first_word = word
            self._has_begun.set()
