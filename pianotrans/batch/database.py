"""The ledger's file: opened, made, checked, and its failures explained."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pianotrans.errors import LedgerError

SCHEMA_VERSION = 1
_BUSY_S = 60.0  # how long to wait for another run's transaction; they take milliseconds

_SCHEMA = """
CREATE TABLE recordings (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    revision INTEGER NOT NULL DEFAULT 0,
    source TEXT, size INTEGER, mtime_ns INTEGER, seen_ns INTEGER, content TEXT,
    settings TEXT,
    owner TEXT, heartbeat_s REAL,
    outputs TEXT NOT NULL DEFAULT '[]',
    written TEXT NOT NULL DEFAULT '[]',
    error TEXT, audio_s REAL, took_s REAL, n_notes INTEGER
);
CREATE TABLE history (
    at_s REAL NOT NULL,
    name TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('claimed', 'released', 'done', 'failed')),
    owner TEXT NOT NULL
);
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the ledger's file, made where it is missing, together with its folder.

    The journal is the classic one, not a write-ahead log: that needs memory shared by all who use the file, so
    it does not work for folders on a network, and a ledger sees a few small transactions per recording only.

    Raises LedgerError if that cannot be done, or if the file is of a newer version or no ledger.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        with explained(path):
            _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn failures of the file system and of SQLite into LedgerErrors."""
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path}: this folder cannot be made ({error.strerror}). "
            "Choose another output folder."
        ) from error
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:  # not one of its subclasses: what SQLite calls malformed
            remedy = "It is damaged, or no ledger. Move it away to begin anew"
        else:
            remedy = f"Look at the free space and the permissions of {path.parent}, then run again"
        raise LedgerError(f"{path}: cannot be read or written ({error}). {remedy}.") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk, say, has ended it already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):  # two runs may begin at once
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"{path}: written by a newer pianotrans (ledger version {version}; this one knows "
                f"{SCHEMA_VERSION}). Upgrade pianotrans, or choose another output folder."
            )
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
