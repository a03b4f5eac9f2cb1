"""The database of the jobs, which survives restarts of the server."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from pydantic import TypeAdapter

from pianotrans.errors import ServerError
from pianotrans.web.job import ID_PATTERN, Job

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    n_bytes INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    duration_s REAL,
    done_s REAL NOT NULL,
    n_notes INTEGER,
    n_pedals INTEGER,
    error TEXT,
    n_starts INTEGER NOT NULL
)
"""
_UPGRADES = (_SCHEMA, "ALTER TABLE jobs ADD COLUMN remarks TEXT NOT NULL DEFAULT '[]'")
"""What leads from each version of the file to the next."""

_JOB = TypeAdapter(Job)
_COLUMNS = tuple(field.name for field in fields(Job) if field.name not in ("position", "number"))
_SELECT = f"SELECT number, {', '.join(_COLUMNS)} FROM jobs ORDER BY number"
_INSERT = f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
_UPDATE = f"UPDATE jobs SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE id = :id"


class JobStore:
    """Jobs on disk, in order of arrival. Must not be used by several threads at once.

    Raises ServerError if the file cannot be used, and sqlite3.Error for later failures such as a full disk.
    """

    def __init__(self, path: Path):
        self._path = path
        with _explained(path):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            with _explained(path):
                self._prepare(path)
        except BaseException:
            self._connection.close()
            raise

    def load(self) -> list[Job]:
        """All jobs, oldest first. Raises ServerError if the file is damaged."""
        with _explained(self._path):
            rows = self._connection.execute(_SELECT).fetchall()
            return [_job(dict(zip(("number", *_COLUMNS), row, strict=True))) for row in rows]

    def add(self, job: Job) -> Job:
        """Save a new job; returns it with its number."""
        number = self._connection.execute(_INSERT, _values(job)).lastrowid
        assert number is not None
        return replace(job, number=number)

    def update(self, job: Job) -> None:
        """Save the current state of a job."""
        self._connection.execute(_UPDATE, _values(job))

    def remove(self, job_id: str) -> None:
        """Delete a job."""
        self._connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self, path: Path) -> None:
        self._connection.execute("PRAGMA synchronous = FULL")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ServerError(
                f"{path}: written by a newer pianotrans (version {version} of this file; this one supports "
                f"{SCHEMA_VERSION}). Upgrade pianotrans, or choose another --folder."
            )
        if version < SCHEMA_VERSION:
            steps = ";".join(_UPGRADES[version:])
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {steps}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
            )


def _values(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in _COLUMNS} | {"remarks": json.dumps(job.remarks)}


def _job(row: dict[str, object]) -> Job:
    """The job of a row. Raises ValueError for values that this program does not write."""
    job = _JOB.validate_python(row | {"remarks": json.loads(str(row["remarks"]))})
    if not re.fullmatch(ID_PATTERN, job.id):
        raise ValueError(f"invalid id {job.id!r}")
    return job


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ServerError(f"{path}: cannot be used ({error}). Check its permissions and the free space.") from error
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        raise ServerError(f"{path}: damaged ({reason}). Move it away; no result is lost.") from error
