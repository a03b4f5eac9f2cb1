"""One recording of a collection, and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from pianotrans.batch.identity import ledger_text
from pianotrans.workers.storage import Address


@dataclass(frozen=True)
class Item:
    """One recording of a collection, and the addresses of its outputs."""

    name: str  # its path below the given folder, with slashes; the key in the ledger
    source: Address
    outputs: Mapping[str, Address]  # by format

    @classmethod
    def of(cls, place: PurePath, source: Address, outputs: Mapping[str, Address]) -> "Item":
        """An item named after its path below the given folder."""
        return cls(ledger_text(place), source, outputs)

    @property
    def folder(self) -> Address:
        """The folder that the name is relative to."""
        return self.source.parents[self.name.count("/")]


class End(StrEnum):
    """How a recording ended in a run."""

    done = "done"
    done_before = "done before"
    failed = "failed"
    failed_before = "failed before"
    refused = "refused"  # not attempted: unreadable, or its outputs must not be replaced; not in the ledger


@dataclass(frozen=True)
class Outcome:
    """The outcome of one recording in a run."""

    item: Item
    end: End
    error: str | None = None  # one line
    trace: str | None = None  # the traceback of a failure, if there is one
    audio_s: float = 0.0
    took_s: float = 0.0
    remarks: tuple[str, ...] = ()  # one line each, for people

    @property
    def is_good(self) -> bool:
        """Whether the recording is done, now or in an earlier run."""
        return self.end in (End.done, End.done_before)
