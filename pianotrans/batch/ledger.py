"""The ledger: the state of every recording of a collection, in one small database beside the outputs."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from pianotrans.batch.database import explained, open_database, transaction
from pianotrans.batch.identity import Identity, digest
from pianotrans.batch.owners import Owner, is_at_work
from pianotrans.workers.storage import Address

FOLDER = ".pianotrans"
FILE = "ledger.sqlite"


class EntryState(StrEnum):
    """The state of a recording."""

    waiting = "waiting"
    running = "running"
    done = "done"
    failed = "failed"


@dataclass(frozen=True)
class Entry:
    """The ledger's record of one recording."""

    name: str
    state: EntryState
    revision: int  # number of changes to this record
    identity: Identity | None  # of the recording when it was last claimed; None if never
    settings: str | None  # the recipe's fingerprint at that time
    owner: Owner | None
    heartbeat_s: float | None  # the owner's last one, seconds since 1970
    outputs: tuple[str, ...]  # paths below the output folder, for the report
    written: frozenset[str]  # digests of all outputs that runs have written or announced
    error: str | None
    audio_s: float | None
    took_s: float | None
    n_notes: int | None

    def is_taken(self, now_s: float | None = None) -> bool:
        """Whether a run is working on it right now."""
        if self.state is not EntryState.running or self.owner is None or self.heartbeat_s is None:
            return False
        return is_at_work(self.owner, self.heartbeat_s, now_s)


@dataclass(frozen=True)
class Figures:
    """Statistics of a finished transcription."""

    audio_s: float
    took_s: float
    n_notes: int


class Ledger:
    """The ledger of an output folder, as one owner sees it. Close it after use, or use it in a `with` statement.

    A recording is claimed, then finished, failed or released. Only the owner of a claim can do the last three, and
    a claim succeeds only if the entry has not changed since it was read, so any number of runs may share a ledger.
    Every change is one transaction, flushed to disk. All methods raise LedgerError if the file cannot be used.
    """

    def __init__(
        self,
        out: Address,
        owner: Owner | None = None,
        clock: Callable[[], float] = time.time,
        *,
        keep_in: Path | None = None,
    ):
        """Open the ledger of an output folder, or create it.

        Args:
            out: the output folder.
            owner: the owner of the claims; a new one for this process if None.
            clock: returns seconds since 1970.
            keep_in: the folder for ledgers of remote output folders; the user's state folder if None.

        Raises LedgerError if the file cannot be opened or created, or was written by a newer version.
        """
        self.out = out
        self.path = ledger_path(out, keep_in)
        self.owner = owner or Owner.this()
        self._clock = clock
        self._connection = open_database(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Claims remain; release them first."""
        self._connection.close()

    def enrol(self, names: Iterable[str]) -> None:
        """Add an entry for every name that has none."""
        with self._writing():
            self._connection.executemany(
                "INSERT OR IGNORE INTO recordings (name) VALUES (?)", ((name,) for name in names)
            )

    def entry(self, name: str) -> Entry:
        """The entry of one recording. Raises KeyError if it is not enrolled."""
        with explained(self.path):
            row = self._connection.execute("SELECT * FROM recordings WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return _entry(row)

    def entries(self) -> list[Entry]:
        """All entries, sorted by name."""
        with explained(self.path):
            return [_entry(row) for row in self._connection.execute("SELECT * FROM recordings ORDER BY name")]

    def history(self) -> list[tuple[str, str, str]]:
        """All events so far as (name, event, owner), in order."""
        with explained(self.path):
            rows = self._connection.execute("SELECT name, event, owner FROM history ORDER BY rowid").fetchall()
        return [(row["name"], row["event"], row["owner"]) for row in rows]

    def claim(self, entry: Entry, identity: Identity, settings: str) -> bool:
        """Claim a recording; False if its entry has changed since it was read, or a run is working on it."""
        if entry.is_taken(self._clock()):
            return False
        with self._writing():
            cursor = self._connection.execute(
                "UPDATE recordings SET state = 'running', revision = revision + 1, owner = ?, heartbeat_s = ?,"
                " source = ?, size = ?, mtime_ns = ?, seen_ns = ?, content = ?, settings = ?,"
                " error = NULL, audio_s = NULL, took_s = NULL, n_notes = NULL"
                " WHERE name = ? AND revision = ?",
                (str(self.owner), self._clock(), *_columns(identity), settings, entry.name, entry.revision),
            )
            return self._noted(cursor, entry.name, "claimed")

    def announce(self, name: str, digests: Iterable[str]) -> bool:
        """Record the digests of outputs before they are written, so that later runs recognise them after a crash.

        Returns False if the claim is lost: then write nothing.
        """
        with self._writing():
            entry = self.entry(name)
            written = json.dumps(sorted(entry.written | set(digests)))
            return self._change_own(name, "written = ?", written).rowcount == 1

    def finish(self, name: str, outputs: Iterable[str], digests: Iterable[str], figures: Figures) -> bool:
        """Mark a recording as done and record its outputs; False if the claim is lost."""
        with self._writing():
            cursor = self._change_own(
                name,
                "state = 'done', owner = NULL, heartbeat_s = NULL,"
                " outputs = ?, written = ?, audio_s = ?, took_s = ?, n_notes = ?",
                json.dumps(list(outputs)),
                json.dumps(sorted(digests)),
                figures.audio_s,
                figures.took_s,
                figures.n_notes,
            )
            return self._noted(cursor, name, "done")

    def fail(self, name: str, error: str, took_s: float) -> bool:
        """Mark a recording as failed, for a reason that lies in it; False if the claim is lost."""
        change = "state = 'failed', owner = NULL, heartbeat_s = NULL, error = ?, took_s = ?"
        with self._writing():
            return self._noted(self._change_own(name, change, error, took_s), name, "failed")

    def release(self, name: str) -> bool:
        """Give up a claim, so that the recording waits again; False if the claim is lost."""
        change = "state = 'waiting', owner = NULL, heartbeat_s = NULL"
        with self._writing():
            return self._noted(self._change_own(name, change), name, "released")

    def release_all(self) -> None:
        """Give up all claims of this owner."""
        with explained(self.path):
            rows = self._connection.execute(
                "SELECT name FROM recordings WHERE state = 'running' AND owner = ?", (str(self.owner),)
            ).fetchall()
        for row in rows:
            self.release(row["name"])

    def recognise(self, entry: Entry, identity: Identity) -> None:
        """Record a new size, time or path of unchanged content, so that it need not be read again."""
        with self._writing():
            self._connection.execute(
                "UPDATE recordings SET revision = revision + 1,"
                " source = ?, size = ?, mtime_ns = ?, seen_ns = ?, content = ? WHERE name = ? AND revision = ?",
                (*_columns(identity), entry.name, entry.revision),
            )

    def beat(self) -> None:
        """Renew the heartbeat of all claims of this owner."""
        with self._writing():
            self._connection.execute(
                "UPDATE recordings SET revision = revision + 1, heartbeat_s = ?"
                " WHERE state = 'running' AND owner = ?",
                (self._clock(), str(self.owner)),
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with explained(self.path), transaction(self._connection):
            yield

    def _change_own(self, name: str, change: str, *values: object) -> sqlite3.Cursor:
        return self._connection.execute(
            f"UPDATE recordings SET revision = revision + 1, {change}"
            " WHERE name = ? AND state = 'running' AND owner = ?",
            (*values, name, str(self.owner)),
        )

    def _noted(self, cursor: sqlite3.Cursor, name: str, event: str) -> bool:
        """Whether a change took place; if so, add it to the history."""
        if cursor.rowcount != 1:
            return False
        self._connection.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?)", (self._clock(), name, event, str(self.owner))
        )
        return True


def ledger_path(out: Address, keep_in: Path | None = None) -> Path:
    """The path of an output folder's ledger: in that folder, or below `keep_in` if the output is in a remote store.

    SQLite cannot work on an object store. So a run can be continued only from machines that see the same `keep_in`.
    """
    if isinstance(out, Path):
        return out / FOLDER / FILE
    url = str(out).rstrip("/")
    readable = re.sub(r"[^\w.-]+", "-", url)[-60:].strip("-")
    keep_in = keep_in or platformdirs.user_state_path("pianotrans") / "ledgers"
    return keep_in / f"{readable}-{digest(url.encode()).hexdigest()[:12]}" / FILE


def _columns(identity: Identity) -> tuple[str, int, int, int, str]:
    return identity.source, identity.size, identity.mtime_ns, identity.seen_ns, identity.content


def _entry(row: sqlite3.Row) -> Entry:
    fields = ("source", "size", "mtime_ns", "seen_ns", "content")
    return Entry(
        name=row["name"],
        state=EntryState(row["state"]),
        revision=row["revision"],
        identity=Identity(*(row[field] for field in fields)) if row["content"] is not None else None,
        settings=row["settings"],
        owner=Owner.parse(row["owner"]) if row["owner"] else None,
        heartbeat_s=row["heartbeat_s"],
        outputs=tuple(json.loads(row["outputs"])),
        written=frozenset(json.loads(row["written"])),
        error=row["error"],
        audio_s=row["audio_s"],
        took_s=row["took_s"],
        n_notes=row["n_notes"],
    )
