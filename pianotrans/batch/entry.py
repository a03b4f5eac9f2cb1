"""One recording as the ledger knows it, and how it is read from a row that anybody may have changed."""

import json
import math
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType

from pianotrans.batch.identity import Identity
from pianotrans.batch.owners import Owner

_IDENTITY = ("source", "size", "mtime_ns", "seen_ns", "content")
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "state", "outputs", "written"), (str,)),
    "revision": (int,),
    **dict.fromkeys(("source", "content", "settings", "owner", "error"), (str, NoneType)),
    **dict.fromkeys(("size", "mtime_ns", "seen_ns", "n_notes"), (int, NoneType)),
    **dict.fromkeys(("heartbeat_s", "audio_s", "took_s"), (float, NoneType)),
}
COLUMNS = ", ".join(_TYPES)
"""What to select for `read_entry`."""


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


@dataclass(frozen=True)
class Figures:
    """Statistics of a finished transcription."""

    audio_s: float
    took_s: float
    n_notes: int


def read_entry(row: sqlite3.Row) -> Entry:
    """The entry in a row of `COLUMNS` of the table of recordings. Raises ValueError for what no ledger holds."""
    for (column, types), value in zip(_TYPES.items(), row, strict=True):
        if type(value) not in types or (type(value) is float and not math.isfinite(value)):
            raise ValueError(f"{column} is {_excerpt(value)}")
    identity = [row[field] for field in _IDENTITY]
    if None in identity and identity != [None] * len(identity):
        raise ValueError(f"only a part of {', '.join(_IDENTITY)} is known")
    return Entry(
        name=row["name"],
        state=EntryState(row["state"]),
        revision=row["revision"],
        identity=None if None in identity else Identity(*identity),
        settings=row["settings"],
        owner=Owner.parse(row["owner"]) if row["owner"] else None,
        heartbeat_s=row["heartbeat_s"],
        outputs=tuple(_texts(row["outputs"])),
        written=frozenset(_texts(row["written"])),
        error=row["error"],
        audio_s=row["audio_s"],
        took_s=row["took_s"],
        n_notes=row["n_notes"],
    )


def _texts(text: str) -> list[str]:
    """A list of texts in JSON."""
    if text == "[]":  # most often, and reading it takes time
        return []
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{_excerpt(text)} is not a list of texts")
    return values


def _excerpt(value: object) -> str:
    return f"{str(value)[:40]!r}"
