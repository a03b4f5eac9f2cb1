"""The data base: what goes in comes out, and files that are none are told."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from pianotrans.errors import ServerError
from pianotrans.web.job import Job, JobState
from pianotrans.web.store import SCHEMA_VERSION, JobStore

JOB = Job("0" * 32, 'take"><script>\n\x00.mp3', 12, "2026-01-31T18:03:12.345Z")


def test_jobs_come_out_as_they_went_in(tmp_path: Path):
    store = JobStore(tmp_path / "jobs.sqlite")
    other = replace(JOB, id="1" * 32)
    store.add(JOB)
    store.add(other)
    done = replace(JOB, state=JobState.done, duration_s=0.1, done_s=0.1, n_notes=3, n_pedals=0, n_starts=2)
    store.update(done)
    store.close()
    store = JobStore(tmp_path / "jobs.sqlite")
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
