"""The ledger: the state of every recording of a collection, in one small database beside the outputs."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs

from pianotrans.batch.database import damaged, explained, open_database, transaction
from pianotrans.batch.entry import COLUMNS, Entry, EntryState, Figures, read_entry
from pianotrans.batch.identity import Identity, digest
from pianotrans.batch.owners import LEASE_S, Owner, is_at_work
from pianotrans.errors import LedgerError
from pianotrans.names import shown
from pianotrans.workers.storage import Address

FOLDER = ".pianotrans"
FILE = "ledger.sqlite"


class Ledger:
    """The ledger of an output folder, as one owner sees it. Close it after use, or use it in a `with` statement.

    A recording is claimed, then finished, failed or released. Only the owner of a claim can do the last three, and
    a claim succeeds only if the entry has not changed since it was read, so any number of runs may share a ledger.
    Every change is one transaction, flushed to disk. All methods raise LedgerError if the file cannot be used
    or holds what no ledger does.
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
        self._settings: str | None = None  # of the run, once it has joined
        self._beats: dict[str, tuple[Owner, float, float]] = {}  # see `is_taken`
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
            row = self._connection.execute(f"SELECT {COLUMNS} FROM recordings WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise KeyError(name)
        return self._read(row)

    def entries(self) -> list[Entry]:
        """All entries, sorted by name."""
        with explained(self.path):
            rows = self._connection.execute(f"SELECT {COLUMNS} FROM recordings ORDER BY name").fetchall()
        return [self._read(row) for row in rows]

    def history(self) -> list[tuple[str, str, str]]:
        """All events so far as (name, event, owner), in order."""
        with explained(self.path):
            rows = self._connection.execute("SELECT name, event, owner FROM history ORDER BY rowid").fetchall()
        return [(row["name"], row["event"], row["owner"]) for row in rows]

    def join(self, settings: str) -> None:
        """Enter this run, with the fingerprint of its recipe. Runs with the same settings share the work.

        Raises LedgerError if a run with other settings is at work here: the outputs of both would be mixed.
        """
        with self._writing():
            for row in self._connection.execute("SELECT * FROM runs").fetchall():
                owner = self._owner_of(row)
                is_alive = is_at_work(owner, row["heartbeat_s"], self._clock())
                if not is_alive:
                    self._connection.execute("DELETE FROM runs WHERE owner = ?", (row["owner"],))
                elif row["settings"] != settings and row["heartbeat_s"] - self._clock() <= LEASE_S:
                    raise LedgerError(
                        f"{self.out}: a run with other settings is at work here ({owner.described}). "
                        "Wait until it has ended, or choose another output folder."
                    )
            self._connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (str(self.owner), settings, self._clock())
            )
        self._settings = settings

    def leave(self) -> None:
        """Give up all claims of this owner: the run has ended."""
        self.release_all()
        with self._writing():
            self._connection.execute("DELETE FROM runs WHERE owner = ?", (str(self.owner),))
        self._settings = None

    def is_taken(self, entry: Entry) -> bool:
        """Whether a run is working on a recording right now.

        The clocks of machines differ, and one that is ahead leaves heartbeats of the future behind. So this ledger
        also measures by its own clock for how long it has seen a heartbeat unchanged.
        """
        if entry.state is not EntryState.running or entry.owner is None or entry.heartbeat_s is None:
            return False
        now_s = self._clock()
        seen = self._beats.get(entry.name)
        if seen is None or seen[:2] != (entry.owner, entry.heartbeat_s):
            seen = self._beats[entry.name] = entry.owner, entry.heartbeat_s, now_s
        return now_s - seen[2] <= LEASE_S and is_at_work(entry.owner, entry.heartbeat_s, now_s)

    def claim(self, entry: Entry, identity: Identity, settings: str) -> bool:
        """Claim a recording; False if its entry has changed since it was read, or a run is working on it."""
        if self.is_taken(entry):
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
            return self._noted(self._change_own(name, change, shown(error), took_s), name, "failed")

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

    def recognise(self, found: Iterable[tuple[Entry, Identity]]) -> None:
        """Record new sizes, times or paths of unchanged contents, so that these need not be read again."""
        with self._writing():
            self._connection.executemany(
                "UPDATE recordings SET revision = revision + 1,"
                " source = ?, size = ?, mtime_ns = ?, seen_ns = ?, content = ? WHERE name = ? AND revision = ?",
                ((*_columns(identity), entry.name, entry.revision) for entry, identity in found),
            )

    def beat(self) -> None:
        """Renew the heartbeat of this run and of all its claims.

        Raises LedgerError if this run was taken for dead, for example while its machine slept, and one with other
        settings has taken over.
        """
        with self._writing():
            is_known = self._connection.execute(
                "UPDATE runs SET heartbeat_s = ? WHERE owner = ?", (self._clock(), str(self.owner))
            ).rowcount
            self._connection.execute(
                "UPDATE recordings SET revision = revision + 1, heartbeat_s = ?"
                " WHERE state = 'running' AND owner = ?",
                (self._clock(), str(self.owner)),
            )
        if self._settings is not None and not is_known:
            self.join(self._settings)

    def _read(self, row: sqlite3.Row) -> Entry:
        try:
            return read_entry(row)
        except ValueError as error:
            raise damaged(self.path, str(error)) from error

    def _owner_of(self, row: sqlite3.Row) -> Owner:
        try:
            if not isinstance(row["heartbeat_s"], float):
                raise ValueError("heartbeat_s is not a number")
            return Owner.parse(row["owner"])
        except (ValueError, AttributeError) as error:
            raise damaged(self.path, f"the table runs: {error}") from error

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
