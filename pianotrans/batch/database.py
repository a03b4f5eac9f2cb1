"""Open, create and check the ledger's file, and explain its failures."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pianotrans.errors import LedgerError

SCHEMA_VERSION = 1
_BUSY_S = 60.0  # how long to wait for another run's transaction, which takes milliseconds
_MOST_BYTES = 2**20  # of a value; a ledger's own are some hundred bytes

_DAMAGED = {
    sqlite3.SQLITE_ERROR,  # no such table or column
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_SCHEMA,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
}
"""What SQLite reports where the content of the file is to blame, not the disk or the permissions."""

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
_RUNS = """
CREATE TABLE IF NOT EXISTS runs (
    owner TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    heartbeat_s REAL NOT NULL
)
"""  # of no earlier version, which do without: the version stays


def open_database(path: Path) -> sqlite3.Connection:
    """Open the ledger's file; create it and its folder if they are missing.

    The file uses a rollback journal. A write-ahead log needs memory shared by all processes that use the file, so
    it does not work in network folders, and it would gain little: a recording takes only a few small transactions.

    Raises LedgerError if the file cannot be opened, is not a ledger, or was written by a newer version.
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
    """Turn errors of the file system and of SQLite into LedgerErrors."""
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"{error.filename or path}: this folder cannot be made ({error.strerror}). "
            "Choose another output folder."
        ) from error
    except UnicodeDecodeError as error:  # a name in the file's own schema
        raise damaged(path, str(error)) from error
    except sqlite3.ProgrammingError:  # our own mistake
        raise
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            raise damaged(path, str(error)) from error
        raise LedgerError(
            f"{path}: cannot be read or written ({error}). "
            f"Check the free space and the permissions of {path.parent}, then run again."
        ) from error


def damaged(path: Path, why: str) -> LedgerError:
    """The error for a file whose content is to blame."""
    return LedgerError(
        f"{path}: cannot be read or written ({why}). It is damaged or not a ledger. Move it away to start afresh."
    )


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # Python's own errors have none: text that is not UTF-8
    return code is None or code & 0xFF in _DAMAGED  # the other bits tell more


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block as one transaction: all or nothing, and no other process writes in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # some errors, such as a full disk, have already ended it
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.row_factory = sqlite3.Row
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):  # two runs may create the ledger at once
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"{path}: written by a newer pianotrans (ledger version {version}; this one supports "
                f"{SCHEMA_VERSION}). Upgrade pianotrans, or choose another output folder."
            )
        if version < 0:
            raise damaged(path, f"ledger version {version}")
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute(_RUNS)
        _check_key(connection, path)


def _check_key(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LedgerError unless the names of recordings are unique, which everything else relies on."""
    columns = connection.execute("PRAGMA table_info(recordings)").fetchall()
    if [column["name"] for column in columns if column["pk"]] != ["name"]:
        raise damaged(path, "the table recordings has no key")
