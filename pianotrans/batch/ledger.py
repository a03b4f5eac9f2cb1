"""What is known of every recording of a collection: one small data base beside the outputs."""

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
    """How far a recording has come."""

    waiting = "waiting"
    running = "running"
    done = "done"
    failed = "failed"


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one recording."""

    name: str
    state: EntryState
    revision: int  # counts the changes
    identity: Identity | None  # of the recording when it was claimed last; None: never
    settings: str | None  # the recipe's fingerprint, then
    owner: Owner | None
    heartbeat_s: float | None  # of the owner, seconds since 1970
    outputs: tuple[str, ...]  # paths below the output folder, for people
    written: frozenset[str]  # digests of all that may lie at the outputs and is from here
    error: str | None
    audio_s: float | None
    took_s: float | None
    n_notes: int | None

    def is_taken(self, now_s: float | None = None) -> bool:
        """Whether somebody is at work on it right now."""
        if self.state is not EntryState.running or self.owner is None or self.heartbeat_s is None:
            return False
        return is_at_work(self.owner, self.heartbeat_s, now_s)


@dataclass(frozen=True)
class Figures:
    """What is worth knowing of a transcription that is done."""

    audio_s: float
    took_s: float
    n_notes: int


class Ledger:
    """The ledger of an output folder, as one owner sees it. Close it, or use it in a `with`.

    A recording is claimed, then finished, failed or released. Only the owner of a claim can do these three, and a
    claim succeeds only on what nobody has changed since it was read, so any number of runs may use one ledger.
    Every method is one transaction, written to the disk; all raise LedgerError where that cannot be done.
    """

    def __init__(
        self,
        out: Address,
        owner: Owner | None = None,
        clock: Callable[[], float] = time.time,
        *,
        keep_in: Path | None = None,
    ):
        """Open the ledger of an output folder, or make it.

        Args:
            out: the output folder.
            owner: who makes claims; this process if None.
            clock: seconds since 1970.
            keep_in: for an output folder elsewhere, where ledgers are kept; the user's state folder if None.

        Raises LedgerError if that cannot be done, or the ledger is of a newer version.
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
        """Close the file. Claims stay: release them before."""
        self._connection.close()

    def enrol(self, names: Iterable[str]) -> None:
        """Make sure that there is an entry for every name."""
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
        """All entries, in order of their names."""
        with explained(self.path):
            return [_entry(row) for row in self._connection.execute("SELECT * FROM recordings ORDER BY name")]

    def history(self) -> list[tuple[str, str, str]]:
        """(name, event, owner) of all that ever happened, in order."""
        with explained(self.path):
            rows = self._connection.execute("SELECT name, event, owner FROM history ORDER BY rowid").fetchall()
        return [(row["name"], row["event"], row["owner"]) for row in rows]

    def claim(self, entry: Entry, identity: Identity, settings: str) -> bool:
        """Take a recording on; False if its entry has changed since it was read, or somebody is at work on it."""
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
        """Say what is going to be written, so that it is known as ours even if we do not live to finish.

        False if the claim is no longer ours: then write nothing.
        """
        with self._writing():
            entry = self.entry(name)
            written = json.dumps(sorted(entry.written | set(digests)))
            return self._change_own(name, "written = ?", written).rowcount == 1

    def finish(self, name: str, outputs: Iterable[str], digests: Iterable[str], figures: Figures) -> bool:
        """Done, and this is what lies at the outputs; False if the claim is no longer ours."""
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
        """It cannot be done, for a reason that lies in the recording; False if the claim is no longer ours."""
        change = "state = 'failed', owner = NULL, heartbeat_s = NULL, error = ?, took_s = ?"
        with self._writing():
            return self._noted(self._change_own(name, change, error, took_s), name, "failed")

    def release(self, name: str) -> bool:
        """Give a claim back; the recording waits again. False if the claim is no longer ours."""
        change = "state = 'waiting', owner = NULL, heartbeat_s = NULL"
        with self._writing():
            return self._noted(self._change_own(name, change), name, "released")

    def release_all(self) -> None:
        """Give all our claims back."""
        with explained(self.path):
            rows = self._connection.execute(
                "SELECT name FROM recordings WHERE state = 'running' AND owner = ?", (str(self.owner),)
            ).fetchall()
        for row in rows:
            self.release(row["name"])

    def recognise(self, entry: Entry, identity: Identity) -> None:
        """Note another size, time or place of a recording whose content is the same: it need not be read again."""
        with self._writing():
            self._connection.execute(
                "UPDATE recordings SET revision = revision + 1,"
                " source = ?, size = ?, mtime_ns = ?, seen_ns = ?, content = ? WHERE name = ? AND revision = ?",
                (*_columns(identity), entry.name, entry.revision),
            )

    def beat(self) -> None:
        """Show that we are alive, on all our claims."""
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
        """Whether a change took place; if so, it goes into the history."""
        if cursor.rowcount != 1:
            return False
        self._connection.execute(
            "INSERT INTO history VALUES (?, ?, ?, ?)", (self._clock(), name, event, str(self.owner))
        )
        return True


def ledger_path(out: Address, keep_in: Path | None = None) -> Path:
    """Where the ledger of an output folder is: in that folder, of one elsewhere in a folder on this machine.

    SQLite cannot work on an object store. So a run goes on only where the same `keep_in` is to be seen.
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
