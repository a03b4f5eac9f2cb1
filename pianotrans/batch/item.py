"""One recording of a collection, and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING

from pianotrans.errors import PianotransError
from pianotrans.names import stored
from pianotrans.workers.storage import Address

if TYPE_CHECKING:
    from pianotrans.audio.degradation import DegradedReading


@dataclass(frozen=True)
class Item:
    """One recording of a collection, and the addresses of its outputs."""

    name: str  # its path below the given folder, with slashes; the key in the ledger
    source: Address
    outputs: Mapping[str, Address]  # by format
    degraded: "DegradedReading | None" = None  # make the recording worse before it is transcribed

    @classmethod
    def of(cls, place: PurePath, source: Address, outputs: Mapping[str, Address]) -> "Item":
        """An item named after its path below the given folder."""
        return cls(stored(place.as_posix()), source, outputs)

    @property
    def stem(self) -> str:
        """The name of its outputs without their suffixes; empty if it has none."""
        name, path = next(iter(self.outputs.items()), ("", None))
        return "" if path is None else path.name.removesuffix(_suffix(name, path))

    def with_stem(self, stem: str) -> "Item":
        """The same recording, with outputs of another name."""
        renamed = {name: path.with_name(stem + _suffix(name, path)) for name, path in self.outputs.items()}
        return replace(self, outputs=renamed)

    @property
    def folder(self) -> Address:
        """The folder that the name is relative to."""
        return self.source.parents[self.name.count("/")]


def _suffix(format_name: str, path: Address) -> str:
    """The end of a name that its format gives it, which may hold more than one dot."""
    whole = f".{format_name}"
    return whole if path.name.endswith(whole) else path.suffix


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

    @classmethod
    def refusal(cls, source: Address, error: PianotransError) -> "Outcome":
        """The outcome of a recording or a folder that cannot even be tried."""
        return cls(Item(stored(str(source)), source, {}), End.refused, str(error))

    @property
    def is_good(self) -> bool:
        """Whether the recording is done, now or in an earlier run."""
        return self.end in (End.done, End.done_before)
