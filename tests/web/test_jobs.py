"""The queue: its order, its limits, and that it outlives the server."""

import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pianotrans.web.job import Job, JobState
from pianotrans.web.jobs import MAX_STARTS, JobQueue, QueueFullError

from .making import hand_in, make_queue


def states(queue: JobQueue) -> list[tuple[str, str, int | None]]:
    """Oldest first."""
    return [(job.name, job.state.value, job.position) for job in reversed(queue.jobs())]


def test_jobs_are_done_in_their_order(tmp_path: Path):
    queue = make_queue(tmp_path)
    first, second = hand_in(queue, "a"), hand_in(queue, "b")
    assert (first.position, second.position) == (1, 2)
    assert states(queue) == [("a", "queued", 1), ("b", "queued", 2)]
    assert [queue.take().id, queue.take().id, queue.take()] == [first.id, second.id, None]
    queue.progress(first.id, 1.0, 2.0)
    assert (queue.find(first.id).done_s, queue.find(first.id).duration_s) == (1.0, 2.0)
    queue.finish(first.id, duration_s=2.0, done_s=2.0, n_notes=5, n_pedals=0)
    queue.fail(second.id, "b: no good.")
    assert states(queue) == [("a", "done", None), ("b", "failed", None)]
    assert (queue.find(first.id).n_notes, queue.find(second.id).error) == (5, "b: no good.")
    queue.close()


def test_only_what_is_needed_stays_on_the_disk(tmp_path: Path):
    queue = make_queue(tmp_path)
    done, failed, cancelled, removed = (hand_in(queue, name) for name in "abcd")
    for _ in range(4):
        queue.take()
    queue.folders.of(done.id).result("mid").write_bytes(b"MIDI")
    queue.finish(done.id)
    queue.fail(failed.id, "no good")
    queue.cancel(cancelled.id)
    assert queue.remove(removed.id)
    assert not queue.remove(removed.id)
    found = sorted(str(path.relative_to(tmp_path / "jobs")) for path in (tmp_path / "jobs").rglob("*"))
    assert found == [done.id, f"{done.id}/transcription.mid"]
    queue.close()


def test_a_worker_that_comes_too_late_changes_nothing(tmp_path: Path):
    queue = make_queue(tmp_path)
    cancelled, removed = hand_in(queue), hand_in(queue)
    queue.take()
    queue.take()
    queue.cancel(cancelled.id)
    queue.remove(removed.id)
    assert not queue.is_running(cancelled.id)
    for job in (cancelled, removed):
        folder = queue.folders.of(job.id)
        folder.make()
        folder.result("mid").write_bytes(b"written all the same")
        queue.progress(job.id, 1.0, 2.0)
        queue.finish(job.id, n_notes=1)
        assert not folder.path.exists()
    assert queue.find(cancelled.id).state is JobState.cancelled
    assert queue.find(removed.id) is None
    assert queue.cancel(cancelled.id).state is JobState.cancelled
    assert queue.cancel(removed.id) is None
    queue.put_back(cancelled.id)
    assert queue.find(cancelled.id).state is JobState.cancelled
    queue.close()


def test_the_queue_has_an_end(tmp_path: Path):
    queue = make_queue(tmp_path, max_queued=2)
    with queue.reserved_place():
        hand_in(queue)
        with pytest.raises(QueueFullError, match="The queue is full, with 2 waiting"), queue.reserved_place():
            pass
    with queue.reserved_place():
        pass
    hand_in(queue)
    with pytest.raises(QueueFullError, match="Try again later"), queue.reserved_place():
        pass
    queue.take()  # what runs does not wait
    with queue.reserved_place():
        pass
    queue.close()


def test_a_place_is_reserved_although_the_disk_is_slow(tmp_path: Path):
    """An event loop asks; it must not wait."""
    queue = make_queue(tmp_path)
    with queue._lock:  # somebody writes
        place = queue.reserved_place()
        thread = threading.Thread(target=place.__enter__)
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    assert queue._n_reserved == 1
    queue.close()


def test_jobs_outlive_the_server(tmp_path: Path):
    queue = make_queue(tmp_path)
    for name in "abcd":
        hand_in(queue, name)
    assert queue.take().name == "a"
    assert queue.take().name == "b"
    queue.finish(queue.jobs()[-1].id)
    again = make_queue(tmp_path)  # as after kill -9: nothing was closed
    assert states(again) == [("a", "done", None), ("b", "queued", 1), ("c", "queued", 2), ("d", "queued", 3)]
    assert (again.take().name, again.take().name) == ("b", "c")
    queue.close()
    again.close()


def test_half_an_upload_is_removed_and_nothing_else(tmp_path: Path):
    (tmp_path / "jobs" / ("a" * 32)).mkdir(parents=True)
    (tmp_path / "jobs" / ("a" * 32) / "upload").write_bytes(b"half of it")
    (tmp_path / "jobs" / ("b" * 32)).mkdir()
    (tmp_path / "jobs" / "holidays").mkdir()
    queue = make_queue(tmp_path)
    kept = hand_in(queue)
    queue.close()
    again = make_queue(tmp_path)
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == sorted([kept.id, "holidays"])
    again.close()


def contents(folder: Path) -> dict[str, bytes]:
    """The files in a folder by their places in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def done_job(queue: JobQueue, name: str = "song.mp3") -> Job:
    """A job with a result."""
    job = hand_in(queue, name)
    queue.take()
    queue.folders.of(job.id).result("mid").write_bytes(name.encode())
    queue.finish(job.id, n_notes=3)
    return job


def test_without_its_database_nothing_is_deleted(tmp_path: Path):
    queue = make_queue(tmp_path, say=(said := []).append)
    jobs = [done_job(queue, "a"), done_job(queue, "b"), hand_in(queue, "c")]
    queue.close()
    before = contents(tmp_path / "jobs")
    (tmp_path / "jobs.sqlite").rename(tmp_path / "away.sqlite")
    for _ in range(2):
        queue = make_queue(tmp_path, say=said.append)
        assert queue.jobs() == []
        queue.close()
    assert contents(tmp_path / "set-aside") == before
    assert len(said) == 1, "once"
    assert "does not know: 3." in said[0]
    assert str(tmp_path / "set-aside") in said[0]

    (tmp_path / "away.sqlite").replace(tmp_path / "jobs.sqlite")
    queue = make_queue(tmp_path, say=said.append)
    assert [job.id for job in reversed(queue.jobs())] == [job.id for job in jobs]
    assert contents(tmp_path / "jobs") == before, "all are back"
    assert len(said) == 1
    queue.close()


def test_an_older_copy_of_the_database_deletes_nothing(tmp_path: Path):
    """Jobs that were waiting then are done by now, and others have come."""
    queue = make_queue(tmp_path)
    first = hand_in(queue, "first")
    shutil.copy(tmp_path / "jobs.sqlite", tmp_path / "copy.sqlite")
    queue.take()
    queue.folders.of(first.id).result("mid").write_bytes(b"MIDI")
    queue.finish(first.id)
    done_job(queue, "second")
    queue.close()
    before = contents(tmp_path / "jobs")
    (tmp_path / "copy.sqlite").replace(tmp_path / "jobs.sqlite")
    queue = make_queue(tmp_path, say=(said := []).append)
    (job,) = queue.jobs()
    assert (job.state, job.position) == (JobState.failed, None)
    assert "recording is missing" in str(job.error)
    assert queue.take() is None
    assert contents(tmp_path / "set-aside") == before
    assert len(said) == 1
    queue.close()


def test_files_that_a_dying_server_left_are_removed(tmp_path: Path):
    queue = make_queue(tmp_path)
    done, cancelled = hand_in(queue), hand_in(queue)
    queue.take()
    queue.finish(done.id)
    queue.cancel(cancelled.id)
    queue.folders.of(done.id).recording.write_bytes(b"not removed yet")
    queue.folders.of(cancelled.id).make()
    queue.close()
    again = make_queue(tmp_path)
    assert [path.name for path in (tmp_path / "jobs").rglob("*")] == [done.id]
    again.close()


def test_a_job_that_kills_the_server_is_not_begun_for_ever(tmp_path: Path):
    for n_starts in range(1, MAX_STARTS + 1):
        queue = make_queue(tmp_path)
        if n_starts == 1:
            hand_in(queue, "evil.mp3")
        assert queue.take().n_starts == n_starts
        queue._store.close()
    queue = make_queue(tmp_path)
    (job,) = queue.jobs()
    assert job.state is JobState.failed
    assert job.error == f"evil.mp3: the server died {MAX_STARTS} times while working on it. It is not tried again."
    assert queue.take() is None
    queue.close()


def test_a_server_that_ends_well_does_not_count(tmp_path: Path):
    for _ in range(MAX_STARTS + 2):
        queue = make_queue(tmp_path)
        if not queue.jobs():
            hand_in(queue)
        job = queue.take()
        assert job.n_starts == 1
        queue.put_back(job.id)
        assert queue.find(job.id).position == 1
        queue.close()


class FullDisk:
    """A store that refuses changes for a while."""

    def __init__(self, store: Any):
        self._store, self.is_full = store, False

    def __getattr__(self, name: str) -> Any:
        if self.is_full and name in ("add", "update", "remove"):
            raise sqlite3.OperationalError("database or disk is full")
        return getattr(self._store, name)


def test_what_a_full_disk_does_not_take_is_kept_later(tmp_path: Path):
    queue = make_queue(tmp_path)
    queue._store = disk = FullDisk(queue._store)
    job = hand_in(queue)
    queue.take()
    disk.is_full = True
    queue.finish(job.id, n_notes=7)
    assert queue.find(job.id).state is JobState.done
    assert queue.folders.of(job.id).recording.exists(), "or it could not be done again after a crash"
    with pytest.raises(sqlite3.OperationalError, match="full"):
        hand_in(queue, "next.mp3")
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [job.id]
    assert len(queue.jobs()) == 1
    disk.is_full = False
    queue.save()
    assert not queue.folders.of(job.id).recording.exists()
    queue.close()
    again = make_queue(tmp_path)
    assert (again.jobs()[0].state, again.jobs()[0].n_notes) == (JobState.done, 7)
    again.close()


def test_on_a_full_disk_files_go_before_their_row(tmp_path: Path):
    queue = make_queue(tmp_path)
    removed, kept = hand_in(queue), hand_in(queue)
    queue._store = disk = FullDisk(queue._store)
    disk.is_full = True
    assert queue.remove(removed.id)
    assert not queue.folders.of(removed.id).path.exists()
    assert [job.id for job in queue.jobs()] == [kept.id]
    disk.is_full = False
    queue.save()
    queue.close()
    again = make_queue(tmp_path)
    assert [job.id for job in again.jobs()] == [kept.id]
    again.close()


def test_every_change_is_told(tmp_path: Path):
    told: list[tuple[str, str, int | None]] = []
    removed: list[str] = []
    queues: list[tuple[list[str], int]] = []
    queue = make_queue(
        tmp_path,
        tell=lambda job: told.append((job.name, job.state.value, job.position)),
        tell_removed=removed.append,
        tell_queue=lambda: queues.append(queue.next_jobs(2)),
    )
    first, second = hand_in(queue, "a"), hand_in(queue, "b")
    third = hand_in(queue, "c")
    assert told == [("a", "queued", 1), ("b", "queued", 2), ("c", "queued", 3)]
    a, b, c = first.id, second.id, third.id
    assert queues == [([a], 1), ([a, b], 2), ([a, b], 3)]
    told.clear()
    queues.clear()
    queue.take()
    queue.remove(b)
    queue.progress(a, 1.0, 2.0)
    queue.put_back(a)
    queue.take()
    queue.fail(a, "no good")
    queue.cancel(c)
    assert told == [
        ("a", "running", None),
        ("a", "running", None),
        ("a", "queued", 1),
        ("a", "running", None),
        ("a", "failed", None),
        ("c", "cancelled", None),
    ]
    assert removed == [b]
    assert queues == [([b, c], 2), ([c], 1), ([a, c], 2), ([c], 1), ([], 0)]
    queue.close()


@settings(max_examples=8, stateful_step_count=20, deadline=None)
class Life(RuleBasedStateMachine):
    """The queue against a list, through any sequence of events, sudden deaths of the server included."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.queue = make_queue(Path(self.folder.name))
        self.expected: list[list[Any]] = []  # id, state, starts

    @rule()
    def hand_in(self) -> None:
        self.expected.append([hand_in(self.queue).id, "queued", 0])

    @rule()
    def take(self) -> None:
        job = self.queue.take()
        waiting = [entry for entry in self.expected if entry[1] == "queued"]
        assert (job is None) == (not waiting)
        if job is not None:
            assert job.id == waiting[0][0]
            waiting[0][1:] = ["running", waiting[0][2] + 1]

    @rule(which=st.integers(0, 30), end=st.sampled_from(["done", "failed"]))
    def end(self, which: int, end: str) -> None:
        if self.expected:
            entry = self.expected[which % len(self.expected)]
            self.queue.finish(entry[0]) if end == "done" else self.queue.fail(entry[0], "no good")
            if entry[1] == "running":
                entry[1] = end

    @rule(which=st.integers(0, 30))
    def cancel(self, which: int) -> None:
        if self.expected:
            entry = self.expected[which % len(self.expected)]
            self.queue.cancel(entry[0])
            if entry[1] in ("queued", "running"):
                entry[1] = "cancelled"

    @rule(which=st.integers(0, 30))
    def remove(self, which: int) -> None:
        if self.expected:
            self.queue.remove(self.expected.pop(which % len(self.expected))[0])

    @rule()
    def die_and_start_again(self) -> None:
        self.queue._store.close()
        self.queue = make_queue(Path(self.folder.name))
        for entry in self.expected:
            if entry[1] == "running":
                entry[1] = "queued" if entry[2] < MAX_STARTS else "failed"

    @invariant()
    def nothing_is_lost(self) -> None:
        jobs = self.queue.jobs()[::-1]
        assert [[job.id, job.state, job.n_starts] for job in jobs] == self.expected
        assert all(self.queue.find(job.id) == job for job in jobs)
        assert [job.position for job in jobs if job.state == "queued"] == list(
            range(1, 1 + sum(entry[1] == "queued" for entry in self.expected))
        )
        for job in jobs:
            assert self.queue.folders.of(job.id).recording.exists() == job.state.is_open

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            self.queue.close()
            self.folder.cleanup()


TestLife = Life.TestCase
