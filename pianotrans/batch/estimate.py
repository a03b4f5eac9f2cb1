"""Estimate how much of a collection is done and how long the rest will take, without opening a recording."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pianotrans.batch.item import Item
from pianotrans.workers.storage import Address


def size_of(address: Address) -> int | None:
    """The size of a recording in bytes; None if it cannot be told at once."""
    if not isinstance(address, Path):
        return None
    try:
        return address.stat().st_size
    except OSError:
        return None


@dataclass
class _Kind:
    """The recordings of one file type: those that wait, and what is known about others."""

    n_waiting: int = 0
    waiting_bytes: int = 0
    known_bytes: int = 0
    known_s: float = 0.0


@dataclass
class _Begun:
    """A recording in progress."""

    done_s: float
    total_s: float | None  # as its worker tells


class Estimate:
    """Seconds of audio done and remaining.

    How long a recording is, its worker tells once it has begun. Recordings that wait are taken to hold as many
    seconds for each byte as others of their file type; while there are none, or if sizes are unknown, they count as
    average ones. Recordings that fail count neither as done nor as remaining.
    """

    def __init__(self, todo: Iterable[tuple[Item, int | None]]):
        """Prepare an estimate for these recordings, with their sizes in bytes if known."""
        self._waiting = {item.name: size for item, size in todo}
        self._sizes = dict(self._waiting)
        self._begun: dict[str, _Begun] = {}
        self._kinds: dict[str, _Kind] = defaultdict(_Kind)
        self._ended_s = self._known_s = 0.0
        self._n_known = 0
        for name, size in self._waiting.items():
            self._count(name, size, 1)

    def progressed(self, item: Item, done_s: float, total_s: float | None = None) -> None:
        """Note how much of a recording is done, and its length if known."""
        self._stop_waiting(item.name)
        before = self._begun.get(item.name)
        if total_s is None and before is not None:
            total_s = before.total_s
        self._begun[item.name] = _Begun(done_s, total_s)
        self._learn(item.name, None if before is None else before.total_s, total_s)

    def ended(self, item: Item, audio_s: float) -> None:
        """Note that a recording has ended, with its seconds of audio; 0 if it failed."""
        self._stop_waiting(item.name)
        begun = self._begun.pop(item.name, None)
        self._learn(item.name, None if begun is None else begun.total_s, audio_s or None)
        self._ended_s += audio_s

    @property
    def done_s(self) -> float:
        """Seconds of audio done."""
        return self._ended_s + sum(one.done_s for one in self._begun.values())

    @property
    def total_s(self) -> float:
        """Seconds of audio in all, as far as can be told."""
        average_s = self._known_s / self._n_known if self._n_known else 0.0
        waiting_s = sum(
            kind.waiting_bytes * kind.known_s / kind.known_bytes if kind.known_bytes else kind.n_waiting * average_s
            for kind in self._kinds.values()
        )
        begun_s = sum(
            max(one.done_s, average_s if one.total_s is None else one.total_s) for one in self._begun.values()
        )
        return self._ended_s + begun_s + waiting_s

    def left_s(self, elapsed_s: float) -> float | None:
        """Seconds until all is done, at the average speed so far; None if nothing is done yet."""
        if self.done_s <= 0 or elapsed_s <= 0:
            return None
        return (self.total_s - self.done_s) * elapsed_s / self.done_s

    def _stop_waiting(self, name: str) -> None:
        if name in self._waiting:
            self._count(name, self._waiting.pop(name), -1)

    def _count(self, name: str, size: int | None, change: int) -> None:
        kind = self._kinds[_kind_of(name, size)]
        kind.n_waiting += change
        kind.waiting_bytes += change * (size or 0)

    def _learn(self, name: str, before_s: float | None, now_s: float | None) -> None:
        """Note the length of a recording, in place of what was known before."""
        size = self._sizes.get(name)
        kind = self._kinds[_kind_of(name, size)]
        for length_s, change in ((before_s, -1), (now_s, 1)):
            if length_s is not None:
                kind.known_bytes += change * (size or 0)
                kind.known_s += change * length_s
                self._known_s += change * length_s
                self._n_known += change


def _kind_of(name: str, size: int | None) -> str:
    """The file type, which decides how many seconds a byte holds; empty for recordings without a size."""
    return "" if not size else PurePosixPath(name).suffix.lower()
