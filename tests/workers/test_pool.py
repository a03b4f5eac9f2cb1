"""Worker processes: what they answer, how they die, and that none outlives its run."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pianotrans.errors import WorkerError
from pianotrans.processes import n_cores
from pianotrans.workers.messages import Cancel, Died, Finished, Message, Progressed, Ready, Stopped, Task
from pianotrans.workers.pool import Pool
from tests.batch.making import TINY
from tests.commands.driving import clip, noise, write

pytestmark = pytest.mark.xdist_group("kill")

QUIET = pytest.mark.slow  # a process that loads torch takes some seconds


def messages(pool: Pool, until: type, timeout_s: float = 300.0) -> Iterator[tuple[Task | None, Message]]:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        for report in pool.listen(0.2):
            yield report
            if isinstance(report.message, until):
                return
    raise AssertionError(f"no {until.__name__} within {timeout_s} s")


def last(pool: Pool, until: type) -> tuple[Task | None, Message]:
    return list(messages(pool, until))[-1]


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
        first = last(pool, Ready)[1]
        pool.start()
        assert [first, last(pool, Ready)[1]] == [Ready("cpu", "tiny")] * 2
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
        pool.start()
        last(pool, Ready)
        pool.give(Task("a.wav", clip(tmp_path / "a.wav", 0.5)))
        last(pool, Finished)
        pool.give(task)
    finally:
        pool.close()
    assert multiprocessing.active_children() == []


class Ended:
    """A process that does nothing, and ends when it is killed."""

    exitcode = None

    def kill(self) -> None:
        self.exitcode = -9

    def join(self) -> None: ...
    def close(self) -> None: ...


class Starter:
    """Starts processes that the test plays itself, each at its end of a pipe."""

    def __init__(self) -> None:
        self.processes: list[Ended] = []
        self.ends: list[Any] = []

    def __call__(self) -> tuple[Ended, Any]:
        here, there = multiprocessing.Pipe()
        self.processes.append(Ended())
        self.ends.append(there)
        return self.processes[-1], here


@pytest.fixture
def played() -> Iterator[tuple[Pool, Starter]]:
    """A pool of up to three, and what stands for its processes."""
    starter = Starter()
    pool = Pool(TINY, 3, starter)
    yield pool, starter
    pool.close()
    for end in starter.ends:
        end.close()


@pytest.mark.parametrize(("device", "n_workers"), [("cpu", 3), ("cuda:0", 1), ("mps", 1)])
def test_on_a_gpu_there_is_one_process(played: tuple[Pool, Starter], device: str, n_workers: int):
    pool, starter = played
    pool.start()
    assert len(starter.ends) == 1, "it may have to fetch the model"
    starter.ends[0].send(Ready(device, "tiny"))
    assert [report.message for report in pool.listen(1.0)] == [Ready(device, "tiny")]
    pool.start()
    assert len(starter.ends) == n_workers


def test_cancelling_a_task(played: tuple[Pool, Starter], monkeypatch: pytest.MonkeyPatch):
    pool, starter = played
    pool.start()
    starter.ends[0].send(Ready("cpu", "tiny"))
    list(pool.listen(1.0))
    task = Task("a", Path("a.wav"))
    pool.give(task)
    for _ in range(2):
        pool.cancel(task)
    pool.cancel(Task("other", Path("b.wav")))
    assert [starter.ends[0].recv() for _ in range(2)] == [task, Cancel("a")]
    assert not starter.ends[0].poll(), "asked once"
    list(pool.listen(0.0))
    assert starter.processes[0].exitcode is None, "there is some patience"
    starter.ends[0].send(Stopped())
    assert list(pool.listen(1.0)) == [(task, Stopped())]
    assert pool.n_idle == 1

    monkeypatch.setattr("pianotrans.workers.pool.PATIENCE_S", 0.0)
    pool.give(task)
    list(pool.listen(0.0))
    assert starter.processes[0].exitcode is None, "nobody has asked yet"
    pool.cancel(task)
    list(pool.listen(0.0))
    starter.ends[0].close()
    assert list(pool.listen(1.0)) == [(task, Died(-9))]
    pool.start()
    assert len(starter.processes) == 2 + 2


def test_a_pool_is_woken(played: tuple[Pool, Starter]):
    pool, _ = played
    for _ in range(3):
        for _ in range(1000):  # more than a pipe would hold
            pool.wake()
        assert list(pool.listen(60.0)) == []
    pool.close()
    pool.wake()  # too late, and no harm done


def test_no_process_to_be_had():
    def start_process():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    pool = Pool(TINY, 1, start_process)
    with pytest.raises(WorkerError, match=r"cannot be started .*temporarily unavailable"):
        pool.start()
    pool.close()


def test_the_cores_of_this_process():
    assert 1 <= n_cores() <= (os.cpu_count() or 1)
