"""The data base: what goes in comes out, and files that are none are told."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.errors import ServerError
from pianotrans.web.job import Job, JobState
from pianotrans.web.store import _UPGRADES, SCHEMA_VERSION, JobStore

JOB = Job("0" * 32, 'take"><script>\n\x00.mp3', 12, "2026-01-31T18:03:12.345Z")


def test_jobs_come_out_as_they_went_in(tmp_path: Path):
    store = JobStore(tmp_path / "jobs.sqlite")
    other = replace(JOB, id="1" * 32)
    store.add(JOB)
    store.add(other)
    done = replace(
        JOB, state=JobState.done, duration_s=0.1, done_s=0.1, n_notes=3, n_pedals=0, n_starts=2, remarks=("é", "b")
    )
    store.update(done)
    store.close()
    store = JobStore(tmp_path / "jobs.sqlite")
    done, other = replace(done, number=1), replace(other, number=2)
    assert store.load() == [done, other]
    store.remove(JOB.id)
    assert store.load() == [other]
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        store.add(other)
    store.close()


def test_a_file_of_a_newer_version(tmp_path: Path):
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(ServerError, match=r"written by a newer pianotrans .* choose another --folder"):
        JobStore(tmp_path / "jobs.sqlite")


def test_a_file_of_an_older_version(tmp_path: Path):
    with sqlite3.connect(tmp_path / "jobs.sqlite") as connection:
        connection.executescript(_UPGRADES[0])
        connection.execute(
            "INSERT INTO jobs (id, name, n_bytes, created_at, state, done_s, n_starts) "
            "VALUES (?, ?, ?, ?, ?, 0, 0)",
            (JOB.id, JOB.name, JOB.n_bytes, JOB.created_at, JOB.state),
        )
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    for _ in range(2):
        store = JobStore(tmp_path / "jobs.sqlite")
        assert store.load() == [replace(JOB, number=1)]
        store.close()


@pytest.mark.parametrize(
    "change",
    ["id = '../x'", "n_bytes = 'many'", "name = x'00ff'", "remarks = 'no json'", "remarks = '3'", "done_s = 'x'"],
)
def test_a_file_that_was_tampered_with(tmp_path: Path, change: str):
    store = JobStore(tmp_path / "jobs.sqlite")
    store.add(JOB)
    store._connection.execute(f"UPDATE jobs SET {change}")
    with pytest.raises(ServerError, match=r"jobs\.sqlite: damaged \(.*\)\. Move it away"):
        store.load()
    store.close()


def test_a_damaged_file(tmp_path: Path):
    store = JobStore(tmp_path / "jobs.sqlite")
    store._connection.execute("DROP TABLE jobs")
    with pytest.raises(ServerError, match=r"cannot be used \(no such table: jobs\)"):
        store.load()
    store.close()


def test_a_file_that_is_something_else(tmp_path: Path):
    (tmp_path / "jobs.sqlite").write_text("certainly no data base " * 50)
    with pytest.raises(ServerError, match=r"jobs\.sqlite: cannot be used \(file is not a database\)"):
        JobStore(tmp_path / "jobs.sqlite")
    with pytest.raises(ServerError, match="unable to open"):
        JobStore(tmp_path / "missing" / "jobs.sqlite")
