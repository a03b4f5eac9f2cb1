"""Worker processes: what they answer, how they die, and that none outlives its run."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import pytest

from pianotrans.errors import DeviceError
from pianotrans.inference.transcriber import Transcriber
from pianotrans.processes import n_cores
from pianotrans.workers.messages import Died, Failed, Finished, Message, Progressed, Ready, Task, Unable
from pianotrans.workers.pool import Pool
from pianotrans.workers.rendering import render
from pianotrans.workers.worker import serve, transcribe_task
from tests.batch.making import TINY
from tests.commands.driving import clip, noise, write

QUIET = pytest.mark.slow  # a process that loads torch takes some seconds


def messages(pool: Pool, until: type, timeout_s: float = 120.0) -> Iterator[tuple[Task | None, Message]]:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        for report in pool.listen(0.2):
            yield report
            if isinstance(report.message, until):
                return
    raise AssertionError(f"no {until.__name__} within {timeout_s} s")


def last(pool: Pool, until: type) -> tuple[Task | None, Message]:
    return list(messages(pool, until))[-1]


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber("tiny", device="cpu", precision="float32")


def test_a_task(tmp_path: Path, transcriber: Transcriber):
    path, told = clip(tmp_path / "a.wav"), []
    recipe = replace(TINY, formats=("mid", "json"), pedal=False)
    answer = transcribe_task(transcriber, recipe, Task("a.wav", path), told.append)
    heard, contents = render(transcriber.transcribe(path), recipe, path)
    assert isinstance(answer, Finished)
    assert answer.contents == contents
    assert (answer.audio_s, answer.n_notes) == (2.0, heard.n_notes)
    assert answer.took_s > 0
    assert {type(message) for message in told} == {Progressed}
    assert (told[0].done_s, told[-1].done_s, told[-1].total_s) == (0.0, 2.0, 2.0)


def test_a_task_that_cannot_be_done(tmp_path: Path, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch):
    task = Task("a.wav", tmp_path / "a.wav")
    answer = transcribe_task(transcriber, TINY, task, lambda _: None)
    assert isinstance(answer, Failed)
    assert answer.error == f"{task.source}: no such file. Check the path."
    assert answer.trace.startswith("Traceback")

    def fail(*arguments: object, **options: object) -> None:
        raise MemoryError("too\nmuch")

    monkeypatch.setattr(transcriber, "transcribe", fail)
    answer = transcribe_task(transcriber, TINY, task, lambda _: None)
    assert isinstance(answer, Failed)
    assert answer.error == f"{task.source}: unexpected MemoryError: too much. --verbose shows where."


def test_a_task_that_nobody_waits_for_any_more(tmp_path: Path, transcriber: Transcriber):
    def hung_up(_: Progressed) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        transcribe_task(transcriber, TINY, Task("a.wav", clip(tmp_path / "a.wav")), hung_up)


def test_a_worker_in_a_thread_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same main function, without the seconds that a process takes to load torch."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    here, there = multiprocessing.Pipe()
    thread = threading.Thread(target=serve, args=(there, TINY, 7))
    thread.start()
    assert here.recv() == Ready("cpu")
    assert (os.environ["OMP_NUM_THREADS"], os.environ.pop("NUMBA_NUM_THREADS")) == ("1", "7")
    os.environ.pop("MKL_NUM_THREADS", None)
    for _ in range(2):
        here.send(Task("a.wav", clip(tmp_path / "a.wav", 0.5)))
        while isinstance(message := here.recv(), Progressed):
            pass
        assert isinstance(message, Finished)
    here.close()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("recipe", "error", "message"),
    [
        (replace(TINY, device="tpu"), DeviceError, "device 'tpu': unknown"),
        (replace(TINY, hop_s=1e6), ValueError, "hop"),
    ],
)
def test_a_worker_that_cannot_begin(recipe, error, message, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    here, there = multiprocessing.Pipe()
    serve(there, recipe, None)
    answer = here.recv()
    assert isinstance(answer, Unable)
    assert isinstance(answer.error, error)
    assert message in str(answer.error)
    there.close()
    here.close()


def test_a_pool_that_has_not_started():
    pool = Pool(TINY, 2)
    assert (pool.n_idle, pool.tasks, list(pool.listen(0.0))) == (0, [], [])
    pool.close()


@QUIET
def test_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    pool = Pool(TINY, 2)
    try:
        pool.start()
        pool.start()
        assert [last(pool, Ready)[1] for _ in range(2)] == [Ready("cpu")] * 2
        assert pool.n_idle == 2
        tasks = [Task(name, clip(tmp_path / name, 0.5)) for name in ("a.wav", "b.wav")]
        for task in tasks:
            pool.give(task)
        assert (pool.n_idle, pool.tasks) == (0, tasks)
        done = [last(pool, Finished)[0] for _ in range(2)]
        assert sorted(task.name for task in done if task) == ["a.wav", "b.wav"]
        assert pool.n_idle == 2
    finally:
        pool.close()
    assert multiprocessing.active_children() == []


@QUIET
@pytest.mark.skipif(sys.platform == "win32", reason="other signals there")
def test_a_process_that_is_killed_is_reported_and_replaced_and_ctrl_c_is_not_its_affair(tmp_path: Path):
    pool = Pool(TINY, 1)
    try:
        pool.start()
        (child,) = multiprocessing.active_children()
        os.kill(child.pid, signal.SIGINT)
        last(pool, Ready)
        os.kill(child.pid, signal.SIGINT)
        task = Task("long.wav", write(tmp_path / "long.wav", noise(300.0)))
        pool.give(task)
        assert last(pool, Progressed)[0] == task
        os.kill(child.pid, signal.SIGKILL)
        assert last(pool, Died) == (task, Died(-9))
        assert (pool.n_idle, pool.tasks) == (0, [])
        last(pool, Ready)
        pool.give(Task("a.wav", clip(tmp_path / "a.wav", 0.5)))
        last(pool, Finished)
        pool.give(task)
    finally:
        pool.close()
    assert multiprocessing.active_children() == []


class FakeContext:
    """Makes processes that are none, and pipes that are."""

    def __init__(self) -> None:
        self.ends: list[Connection] = []
        self.arguments: list[tuple[object, ...]] = []

    def Pipe(self):  # noqa: N802 - the name that multiprocessing gave it
        here, there = multiprocessing.Pipe()
        self.ends.append(Connection(os.dup(there.fileno())))
        return here, there

    def Process(self, target, args, daemon):  # noqa: N802, ARG002
        self.arguments.append(args[1:])
        nothing = lambda: None  # noqa: E731
        return SimpleNamespace(start=nothing, kill=nothing, join=nothing, close=nothing, exitcode=1)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are of another kind there")
@pytest.mark.parametrize(("device", "n_workers"), [("cpu", 3), ("cuda:0", 1), ("mps", 1)])
def test_on_a_gpu_there_is_one_process(device: str, n_workers: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pianotrans.workers.pool.n_cores", lambda: 8)
    pool, context = Pool(TINY, 3), FakeContext()
    pool._context = context
    pool.start()
    assert len(context.ends) == 1
    context.ends[0].send(Ready(device))
    assert [report.message for report in pool.listen(1.0)] == [Ready(device)]
    assert len(context.ends) == n_workers
    assert {n_threads for _, n_threads in context.arguments} == {8 // 3}
    pool.close()
    for end in context.ends:
        end.close()


def test_one_worker_has_all_the_cores_and_many_have_one_each_at_least(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pianotrans.workers.pool.n_cores", lambda: 2)
    assert [Pool(TINY, n)._n_threads for n in (1, 2, 5)] == [None, 1, 1]


def test_the_cores_of_this_process():
    assert 1 <= n_cores() <= (os.cpu_count() or 1)
