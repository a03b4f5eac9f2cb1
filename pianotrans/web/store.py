"""The data base of the jobs: what outlives the server."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from pianotrans.errors import ServerError
from pianotrans.web.job import Job, JobState

SCHEMA_VERSION = 1

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

_COLUMNS = tuple(field.name for field in fields(Job) if field.name != "position")
_INSERT = f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
_UPDATE = f"UPDATE jobs SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)} WHERE id = :id"


class JobStore:
    """Jobs on the disk, in the order in which they came. Not for several threads at once.

    Raises ServerError if the file cannot be used, and sqlite3.Error for what goes wrong later (a full disk, say).
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
            rows = self._connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs ORDER BY number").fetchall()
        jobs = (dict(zip(_COLUMNS, row, strict=True)) for row in rows)
        return [Job(**job | {"state": JobState(job["state"])}) for job in jobs]

    def add(self, job: Job) -> None:
        """Keep a new job."""
        self._connection.execute(_INSERT, _values(job))

    def update(self, job: Job) -> None:
        """Keep what a job has become."""
        self._connection.execute(_UPDATE, _values(job))

    def remove(self, job_id: str) -> None:
        """Forget a job."""
        self._connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _prepare(self, path: Path) -> None:
        self._connection.execute("PRAGMA synchronous = FULL")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ServerError(
                f"{path}: written by a newer pianotrans (version {version} of this file; this one knows "
                f"{SCHEMA_VERSION}). Upgrade pianotrans, or choose another --folder."
            )
        if version == 0:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT"
            )


def _values(job: Job) -> dict[str, object]:
    return {name: getattr(job, name) for name in _COLUMNS}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ServerError(
            f"{path}: cannot be used ({error}). Look at its permissions and the free space, or choose another."
        ) from error
