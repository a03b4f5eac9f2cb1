"""The thread between queue and workers: deaths, cancellations, and workers that cannot begin."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from pianotrans.errors import DeviceError, OutputError, ServerError, WorkerError
from pianotrans.web import dispatcher as dispatcher_module
from pianotrans.web import results as results_module
from pianotrans.web.dispatcher import Dispatcher
from pianotrans.web.job import JobState
from pianotrans.web.jobs import JobQueue
from pianotrans.web.server import Server
from pianotrans.web.service import Limits
from pianotrans.workers import pool as pool_module
from pianotrans.workers.messages import Cancel, Failed, Finished, Progressed, Ready, Said, Stopped, Task, Unable

from .making import SOON_S, Crash, Scripted, hand_in, make_queue, pool_of, serving, written


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    one = make_queue(tmp_path)
    yield one
    one.close()


@contextmanager
def dispatching(queue: JobQueue, start_process: Any, n_workers: int = 1, **options: Any) -> Iterator[Dispatcher]:
    one = Dispatcher(queue, pool_of(start_process, n_workers), **options)
    one.start()
    try:
        yield one
    finally:
        one.close()


def until(condition: Callable[[], object], timeout_s: float = SOON_S) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def ended(queue: JobQueue) -> bool:
    return not any(job.state.is_open for job in queue.jobs())


def test_jobs_are_done(queue: JobQueue):
    for name in "abc":
        hand_in(queue, name)
    with dispatching(queue, Scripted()):
        until(lambda: ended(queue))
    assert {job.state for job in queue.jobs()} == {JobState.done}
    assert (queue.jobs()[0].duration_s, queue.jobs()[0].n_notes, queue.jobs()[0].n_pedals) == (2.0, 3, 1)


def test_a_new_job_wakes_it(queue: JobQueue):
    with dispatching(queue, Scripted()) as one:
        for _ in range(3):
            start_s = time.monotonic()
            job = hand_in(queue)
            for _ in range(1000):  # more than a pipe would hold
                one.wake()
            until(lambda job=job: queue.find(job.id).state is JobState.done)
            assert time.monotonic() - start_s < 0.8, "it waits a second if nobody wakes it"


def test_progress_and_failure(queue: JobQueue):
    told = []

    def script(task: Task, connection: Any) -> Failed:
        connection.send(Progressed(1.0, 4.0))
        return Failed(f"{task.title}: no good.", "trace of it", 0.1)

    job = hand_in(queue, "a.mp3")
    with dispatching(queue, Scripted(script), detail=told.append):
        until(lambda: ended(queue))
    job = queue.find(job.id)
    assert (job.state, job.error, job.done_s, job.duration_s) == (JobState.failed, "a.mp3: no good.", 1.0, 4.0)
    assert told == ["trace of it"]


@pytest.mark.parametrize(
    ("exit_code", "reason"),
    [
        (-9, "killed by signal 9, usually for lack of memory"),
        (-11, "ended by signal 11"),
        (3, "ended with exit code 3"),
    ],
)
def test_a_crash_fails_one_job_and_the_others_go_on(queue: JobQueue, exit_code: int, reason: str):
    begun = []

    def script(task: Task, connection: Any) -> Finished:
        begun.append(task.title)
        if task.title == "evil.mp3":
            raise Crash(exit_code)
        return written(task, connection)

    names = ["a.mp3", "evil.mp3", "b.mp3"]
    for name in names:
        hand_in(queue, name)
    start_worker = Scripted(script)
    with dispatching(queue, start_worker):
        until(lambda: ended(queue))
    assert [job.state for job in queue.jobs()] == [JobState.done, JobState.failed, JobState.done]
    assert queue.jobs()[1].error == (
        f"evil.mp3: the worker process was {reason}. The file may be damaged, or too large for the memory."
    )
    assert begun == names, "it is not tried again"
    assert len(start_worker.started) == 2


def listening_script(task: Task, connection: Any) -> Stopped:
    """Works until told to stop."""
    while True:
        order = connection.recv()
        if order == Cancel(task.name):
            return Stopped()


def test_cancelling_what_runs_and_what_waits(queue: JobQueue):
    running, waiting, last = (hand_in(queue, name) for name in "abc")

    def script(task: Task, connection: Any) -> Any:
        return written(task, connection) if task.title == "c" else listening_script(task, connection)

    with dispatching(queue, Scripted(script)) as one:
        until(lambda: queue.is_running(running.id))
        queue.cancel(waiting.id)
        queue.cancel(running.id)
        one.wake()
        until(lambda: queue.find(last.id).state is JobState.done)
    assert [job.state.value for job in queue.jobs()] == ["done", "cancelled", "cancelled"]
    assert not queue.folders.of(running.id).path.exists()


def test_removing_what_runs(queue: JobQueue):
    job = hand_in(queue)
    with dispatching(queue, Scripted(listening_script)) as one:
        until(lambda: queue.is_running(job.id))
        queue.remove(job.id)
        one.wake()
        until(lambda: not queue.folders.of(job.id).path.exists())
    assert queue.jobs() == []


def test_a_worker_that_does_not_stop_is_replaced(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool_module, "PATIENCE_S", 0.1)
    monkeypatch.setattr(dispatcher_module, "_TICK_S", 0.05)
    deaf = threading.Event()

    def script(task: Task, connection: Any) -> Finished:
        if task.title == "endless":
            deaf.wait(SOON_S)
            raise EOFError
        return written(task, connection)

    endless, other = hand_in(queue, "endless"), hand_in(queue, "other")
    start_worker = Scripted(script)
    with dispatching(queue, start_worker) as one:
        until(lambda: queue.is_running(endless.id))
        queue.cancel(endless.id)
        one.wake()
        until(lambda: start_worker.started[0].is_killed)
        deaf.set()
        until(lambda: queue.find(other.id).state is JobState.done)
    assert queue.find(endless.id).state is JobState.cancelled
    assert len(start_worker.started) == 2


def test_closing_puts_back_what_runs(queue: JobQueue):
    job = hand_in(queue)
    with dispatching(queue, Scripted(listening_script)):
        until(lambda: queue.is_running(job.id))
    job = queue.find(job.id)
    assert (job.state, job.n_starts, job.position) == (JobState.queued, 0, 1)


@pytest.mark.parametrize(("device", "n_expected"), [("cpu", 3), ("cuda", 1)])
def test_several_workers_but_one_on_a_gpu(queue: JobQueue, device: str, n_expected: int):
    start_worker = Scripted(device=device)
    with dispatching(queue, start_worker, n_workers=3) as one:
        until(lambda: len(start_worker.started) == n_expected)
        for _ in range(6):
            hand_in(queue)
        one.wake()
        until(lambda: ended(queue))
    assert len(start_worker.started) == n_expected


class Mute(Scripted):
    """Workers that say something else than that they are ready, or nothing, and end."""

    def __init__(self, *words: Any, exit_code: int = 0):
        super().__init__()
        self.words, self.exit_code = words, exit_code

    def __call__(self) -> Any:
        from multiprocessing import Pipe

        here, there = Pipe()
        for word in self.words:
            there.send(word)
        there.close()
        process = _Ended(self.exit_code)
        self.started.append(process)
        return process, here


class _Ended:
    def __init__(self, exitcode: int):
        self.exitcode = exitcode

    def kill(self) -> None: ...
    def join(self) -> None: ...
    def close(self) -> None: ...


def test_a_worker_that_cannot_begin(queue: JobQueue):
    one = Dispatcher(
        queue,
        pool_of(Mute(Said("Fetching …"), Unable(DeviceError("device 'tpu': unknown.")))),
        say=(said := []).append,
    )
    with pytest.raises(DeviceError, match="device 'tpu': unknown"):
        one.start()
    assert said == ["Fetching …", "A worker could not start: device 'tpu': unknown."]


def test_a_worker_that_dies_before_it_could_begin(queue: JobQueue):
    one = Dispatcher(queue, pool_of(Mute(exit_code=-9)))
    with pytest.raises(ServerError, match=r"worker process: killed by signal 9, .* before it was ready"):
        one.start()


def test_no_process_to_be_had(queue: JobQueue):
    def start_worker() -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with pytest.raises(WorkerError, match=r"worker process: cannot be started .*Free some memory"):
        Dispatcher(queue, pool_of(start_worker)).start()


def test_a_worker_that_hangs_is_replaced(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    """The limit depends on the length of the recording, once it is known."""
    monkeypatch.setattr(pool_module, "PATIENCE_S", 0.1)
    monkeypatch.setattr(dispatcher_module, "_TICK_S", 0.05)
    asked: list[float | None] = []
    wakes_up = threading.Event()

    def script(task: Task, connection: Any) -> Finished:
        if task.title != "hangs":
            return written(task, connection)
        connection.send(Progressed(1.0, 4.0))
        wakes_up.wait(SOON_S)
        raise EOFError

    def limit_s(duration_s: float | None) -> float:
        asked.append(duration_s)
        return 0.2 if duration_s == 4.0 else SOON_S

    hangs, other = hand_in(queue, "hangs"), hand_in(queue, "other")
    start_worker = Scripted(script)
    with dispatching(queue, start_worker, time_limit_s=limit_s):
        until(lambda: queue.find(hangs.id).state is JobState.failed)
        until(lambda: start_worker.started[0].is_killed)
        wakes_up.set()
        until(lambda: queue.find(other.id).state is JobState.done)
    assert "--max-job-minutes" in queue.find(hangs.id).error
    assert "\n" not in queue.find(hangs.id).error
    assert len(start_worker.started) == 2
    assert {None, 4.0} <= {*asked}


def test_time_limits():
    assert Limits().job_s(None) == 600
    assert Limits().job_s(3600) == 600 + 36_000
    assert Limits(max_job_s=90).job_s(3600) == 90


def test_on_a_full_disk_results_wait(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    """No job fails, no work is lost, none is begun; and when there is space, all goes on."""
    monkeypatch.setattr(dispatcher_module, "_TICK_S", 0.02)
    is_full, begun, problems = True, [], []

    def write(path: Path, data: bytes, *, overwrite: bool) -> None:
        if is_full:
            raise OutputError(f"{path}: no space") from OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)

    def script(task: Task, connection: Any) -> Finished:
        begun.append(task.title)
        return written(task, connection)

    monkeypatch.setattr(results_module, "write_atomically", write)
    deleted, first, _ = (hand_in(queue, name) for name in "abc")
    with dispatching(queue, Scripted(script), tell_problem=problems.append) as one:
        until(lambda: problems)
        assert "disk is full" in problems[0]
        assert one.problem == problems[0]
        time.sleep(0.2)
        assert begun == ["a"]
        assert [job.state for job in queue.jobs()] == [JobState.queued, JobState.queued, JobState.running]
        queue.remove(deleted.id)
        until(lambda: begun == ["a", "b"])
        until(lambda: queue.find(first.id).state is JobState.running)
        is_full = False
        until(lambda: ended(queue))
    assert (begun, problems[-1]) == (["a", "b", "c"], None)
    assert {job.state for job in queue.jobs()} == {JobState.done}
    assert not queue.folders.of(deleted.id).path.exists()
    assert queue.folders.of(first.id).result("mid").read_bytes() == b"mid of b: sound"


def test_what_waits_for_space_is_done_again_after_a_restart(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    def write(*_: Any, **__: Any) -> None:
        raise OutputError("no space") from OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(results_module, "write_atomically", write)
    job = hand_in(queue)
    with dispatching(queue, Scripted()) as one:
        until(lambda: one.problem)
    assert (queue.find(job.id).state, queue.find(job.id).n_starts) == (JobState.queued, 0)


def test_pages_see_no_paths_of_the_server(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    details: list[str] = []

    def write(path: Path, *_: Any, **__: Any) -> None:
        raise OutputError(f"{path}: cannot be written") from PermissionError(errno.EACCES, "Permission denied")

    def script(task: Task, connection: Any) -> Any:
        if task.title == "good":
            return written(task, connection)
        return Failed(
            f"{task.title}: [Errno 2] No such file: {str(task.source)!r} in {task.source.parent}", "", 0.1
        )

    monkeypatch.setattr(results_module, "write_atomically", write)
    jobs = [hand_in(queue, name) for name in ("good", "bad")]
    with dispatching(queue, Scripted(script), detail=details.append):
        until(lambda: ended(queue))
    place = str(queue.folders.of(jobs[0].id).path.parent)
    errors = [queue.find(job.id).error for job in jobs]
    assert "Permission denied" in errors[0]
    assert "No such file" in errors[1]
    assert not any(place in error or job.id in error for error in errors for job in jobs)
    assert place in "".join(details), "the owner of the server does"


def test_later_on_a_worker_that_cannot_begin_is_tried_again(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dispatcher_module, "_PAUSE_S", 0.1)
    monkeypatch.setattr(dispatcher_module, "_TICK_S", 0.05)

    def script(task: Task, connection: Any) -> Finished:
        if task.title == "evil":
            raise Crash(-11)
        return written(task, connection)

    good, mute = Scripted(script), Mute(Unable(DeviceError("device: gone.")))
    turns = iter([good, mute, mute, good])
    with dispatching(queue, lambda: next(turns)(), say=(said := []).append):
        hand_in(queue, "evil")
        other = hand_in(queue, "other")
        until(lambda: queue.find(other.id).state is JobState.done)
    assert said == ["A worker could not start: device: gone."] * 2


def test_whatever_happens_it_goes_on(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dispatcher_module, "_TICK_S", 0.02)
    said, traces, take = [], [], queue.take
    outcomes = iter([RuntimeError("bug")])

    def break_once() -> Any:
        error = next(outcomes, None)
        if error is not None:
            raise error
        return take()

    monkeypatch.setattr(queue, "take", break_once)
    job = hand_in(queue)
    with dispatching(queue, Scripted(), say=said.append, detail=traces.append):
        until(lambda: queue.find(job.id).state is JobState.done)
    assert said == ["unexpected RuntimeError: bug"]
    assert "Traceback" in traces[0]


def test_its_end_is_seen(queue: JobQueue, monkeypatch: pytest.MonkeyPatch):
    def end_all() -> Any:
        raise SystemExit

    with dispatching(queue, Scripted(), tell_problem=(problems := []).append) as one:
        assert not one.is_dead
        monkeypatch.setattr(queue, "save", end_all)
        one.wake()
        until(lambda: one.is_dead)
        monkeypatch.undo()
    assert problems == [one.problem]


def test_a_server_whose_dispatcher_is_dead_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def end_all() -> Any:
        raise SystemExit

    with serving(tmp_path) as site:
        monkeypatch.setattr(Server, "on_tick", uvicorn.Server.on_tick)
        monkeypatch.setattr(site.service.jobs, "save", end_all)
        site.service.wake()
        until(lambda: site.client.get("/api/health").status_code == 503)
        monkeypatch.undo()
        until(lambda: not site.is_running())


@pytest.mark.parametrize("is_read", [True, False])
def test_telling_never_stops_the_work(tmp_path: Path, is_read: bool):
    """As with standard error on a full disk, or closed, or a pipe that nobody reads."""
    is_over = threading.Event()

    def tell(_: str) -> None:
        if not is_read:
            is_over.wait(SOON_S)
        raise OSError(errno.ENOSPC, "No space left on device")

    def script(task: Task, connection: Any) -> Any:
        connection.send(Said("news"))
        return Failed("bad", "trace", 0.1) if task.title == "bad" else written(task, connection)

    with serving(tmp_path, Scripted(script), say=tell, detail=tell) as site:
        assert site.wait(site.post("bad").json()["id"])["state"] == "failed"
        assert site.done()["state"] == "done"
        assert site.client.get("/api/health").status_code == 200
        is_over.set()


def test_the_first_word(queue: JobQueue):
    one = Dispatcher(queue, pool_of(Scripted()))
    assert one.start() == Ready("cpu", "scripted")
    one.close()
    one.wake()  # too late, and no harm done
