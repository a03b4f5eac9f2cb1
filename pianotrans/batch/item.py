"""One recording of a collection, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from pianotrans.batch.identity import ledger_text
from pianotrans.workers.storage import Address


@dataclass(frozen=True)
class Item:
    """One recording of a collection and where its results go."""

    name: str  # its path below the folder that was given, with slashes: its key in the ledger
    source: Address
    outputs: Mapping[str, Address]  # by format

    @classmethod
    def of(cls, place: PurePath, source: Address, outputs: Mapping[str, Address]) -> "Item":
        """An item named after its place."""
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
    refused = "refused"  # not tried: its outputs may not be written; the ledger knows nothing of it


@dataclass(frozen=True)
class Outcome:
    """What became of one recording in a run."""

    item: Item
    end: End
    error: str | None = None  # one line
    trace: str | None = None  # the traceback of a failure, where there is one
    audio_s: float = 0.0
    took_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether its outputs are there."""
        return self.end in (End.done, End.done_before)
