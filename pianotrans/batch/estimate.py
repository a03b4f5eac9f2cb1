"""Estimate how much of a collection is done and how long the rest will take."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pianotrans.audio import Reading, open_audio
from pianotrans.batch.item import Item
from pianotrans.errors import PianotransError
from pianotrans.workers.storage import Address


def header_duration_s(path: Address, reading: Reading = Reading()) -> float | None:  # noqa: B008 - frozen
    """Length in seconds of what is read of a recording, by its header; None if the header does not state it.

    Also None for a file that cannot be read, and for files in a remote store: opening thousands of them would
    delay the run.
    """
    if not isinstance(path, Path):
        return None
    try:
        with open_audio(path, replace(reading, allow_damaged=True)) as reader:
            return reader.info.duration_s
    except PianotransError:
        return None


class Estimate:
    """Seconds of audio done and remaining; recordings of unknown length count as average ones.

    Recordings that fail count neither as done nor as remaining.
    """

    def __init__(self, durations_s: Iterable[tuple[Item, float | None]]):
        self._durations_s = {item.name: duration_s for item, duration_s in durations_s}
        self._done_s: dict[str, float] = {}
        self._ended: dict[str, float] = {}  # seconds of audio by name; 0 for failures

    def progressed(self, item: Item, done_s: float, total_s: float | None = None) -> None:
        """Note how much of a recording is done, and its length if known."""
        self._done_s[item.name] = done_s
        if total_s is not None:
            self._durations_s[item.name] = total_s

    def ended(self, item: Item, audio_s: float) -> None:
        """Note that a recording has ended, with its seconds of audio; 0 if it failed."""
        self._durations_s.pop(item.name, None)
        self._done_s.pop(item.name, None)
        self._ended[item.name] = audio_s

    @property
    def done_s(self) -> float:
        """Seconds of audio done."""
        return sum(self._ended.values()) + sum(self._done_s.values())

    @property
    def total_s(self) -> float:
        """Seconds of audio in all, as far as known."""
        known = [length_s for length_s in self._durations_s.values() if length_s is not None]
        known += [length_s for length_s in self._ended.values() if length_s > 0]
        average_s = sum(known) / len(known) if known else 0.0
        open_s = sum(
            max(average_s if length_s is None else length_s, self._done_s.get(name, 0.0))
            for name, length_s in self._durations_s.items()
        )
        return sum(self._ended.values()) + open_s

    def left_s(self, elapsed_s: float) -> float | None:
        """Seconds until all is done, at the average speed so far; None if nothing is done yet."""
        if self.done_s <= 0 or elapsed_s <= 0:
            return None
        return (self.total_s - self.done_s) * elapsed_s / self.done_s
