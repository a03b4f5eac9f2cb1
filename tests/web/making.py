"""A real server on a free port, whose workers are scripts in threads; and the pieces for it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import httpx

from pianotrans.web.app import make_app
from pianotrans.web.folders import JobFolders
from pianotrans.web.guard import Access
from pianotrans.web.job import Job, JobState, now
from pianotrans.web.jobs import JobQueue
from pianotrans.web.server import Server, address_of, open_socket
from pianotrans.web.service import Limits, Service
from pianotrans.web.store import JobStore
from pianotrans.web.uploads import new_id
from pianotrans.workers.formats import FORMATS
from pianotrans.workers.messages import Finished, Message, Ready, Task
from pianotrans.workers.pool import Pool
from pianotrans.workers.recipe import Recipe

SOON_S = 10.0


class Crash(BaseException):
    """A script that raises this ends its process, with this exit code."""


Script = Callable[[Task, Any], Message]


def written(task: Task, _: Any) -> Message:
    """Results that tell what they were made from."""
    sound = task.source.read_bytes()
    return Finished({name: f"{name} of {task.title}: ".encode() + sound for name in FORMATS}, 2.0, 0.1, 3, 1)


class ThreadProcess:
    """A thread that looks like a worker's process. Killed, it ends when it next waits for an order."""

    def __init__(self, script: Script, device: str):
        self.exitcode: int | None = None
        self.is_killed = False
        self.here, self._there = Pipe()
        self._script, self._device = script, device
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def recv(self) -> Any:
        """For scripts: the next order."""
        order = self._there.recv()
        if order is None:
            raise EOFError
        return order

    def send(self, message: Message) -> None:
        """For scripts: tell the server."""
        self._there.send(message)

    def kill(self) -> None:
        self.is_killed = True
        with suppress(OSError):
            self.here.send(None)

    def join(self) -> None:
        self._thread.join(SOON_S)
        assert not self._thread.is_alive()

    def close(self) -> None:
        pass

    def _run(self) -> None:
        try:
            with suppress(EOFError, OSError):
                self.send(Ready(self._device, "scripted"))
                while True:
                    order = self.recv()
                    if isinstance(order, Task):
                        self.send(self._script(order, self))
            self.exitcode = -9 if self.is_killed else 0
        except Crash as crash:
            self.exitcode = crash.args[0]
        self._there.close()


@dataclass
class Scripted:
    """Starts workers that are scripts, and remembers them."""

    script: Script = written
    device: str = "cpu"
    started: list[ThreadProcess] = field(default_factory=list)

    def __call__(self) -> tuple[Any, Any]:
        process = ThreadProcess(self.script, self.device)
        self.started.append(process)
        return process, process.here


def pool_of(start_process: Any, n_workers: int = 1) -> Pool:
    return Pool(Recipe(), n_workers, start_process)


def make_queue(folder: Path, max_queued: int = 100, **told: Any) -> JobQueue:
    (folder / "jobs").mkdir(parents=True, exist_ok=True)
    return JobQueue(JobStore(folder / "jobs.sqlite"), JobFolders(folder / "jobs"), max_queued=max_queued, **told)


def hand_in(queue: JobQueue, name: str = "song.mp3", content: bytes = b"sound") -> Job:
    """A job whose recording is in place."""
    job = Job(new_id(), name, len(content), now())
    folder = queue.folders.of(job.id)
    folder.make()
    folder.recording.write_bytes(content)
    return queue.add(job)


def fill(folder: Path, n_jobs: int, state: JobState) -> list[str]:
    """A server's folder with many jobs, named after their numbers; returns their ids."""
    queue = make_queue(folder)
    connection, ids = queue._store._connection, []
    connection.execute("BEGIN")
    for number in range(1, n_jobs + 1):
        ids.append(hand_in(queue, f"{number}.mp3").id)
        queue._store.update(replace(queue.find(ids[-1]), state=state, n_notes=3, n_pedals=1, duration_s=1.0))
    connection.execute("COMMIT")
    queue._store.close()
    return ids


@dataclass
class Site:
    """A running server, and a client of it."""

    service: Service
    client: httpx.Client
    is_running: Callable[[], bool] = lambda: True

    def post(self, name: str = "song.mp3", content: Any = b"sound", **options: Any) -> httpx.Response:
        return self.client.post("/api/jobs", params={"name": name}, content=content, **options)

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, job_id: str, *states: str, timeout_s: float = SOON_S) -> dict[str, Any]:
        """The job as soon as it is in one of these states."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            job = self.job(job_id)
            if job["state"] in (states or {state for state in JobState if not state.is_open}):
                return job
            time.sleep(0.01)
        raise AssertionError(f"not {states or 'over'} within {timeout_s} s: {job}")

    def done(self, name: str = "song.mp3", content: bytes = b"sound") -> dict[str, Any]:
        """A job that has been handed in and is done."""
        job = self.wait(self.post(name, content).json()["id"])
        assert job["state"] == "done", job
        return job


@contextmanager
def serving(
    folder: Path,
    start_process: Any = None,
    *,
    limits: Limits | None = None,
    access: Access | None = None,
    n_workers: int = 1,
    port: int = 0,
    **options: Any,
) -> Iterator[Site]:
    """A server in a thread of this process, on a free port if none is given."""
    with (
        open_socket("127.0.0.1", port) as listening,
        Service(folder, limits or Limits(), pool_of(start_process or Scripted(), n_workers), **options) as service,
    ):
        service.start()
        server = Server(make_app(service, access or Access()), service)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            with httpx.Client(base_url=address_of(listening), timeout=SOON_S, trust_env=False) as client:
                yield Site(service, client, thread.is_alive)
        finally:
            server.should_exit = True
            thread.join(SOON_S)
            assert not thread.is_alive()
