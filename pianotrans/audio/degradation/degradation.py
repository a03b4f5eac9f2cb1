"""One way of making a recording worse, at one level; and a recording that is read with it."""

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pianotrans.audio.arrays import from_array
from pianotrans.audio.degradation.kinds import KINDS, DegradationKind
from pianotrans.audio.degradation.speeds import TimeMap
from pianotrans.audio.opening import AudioSource, open_audio
from pianotrans.audio.reader import AudioReader
from pianotrans.audio.reading import Reading
from pianotrans.audio.samples import Block
from pianotrans.errors import UsageError

_MARGIN_S = 0.01  # more than the rounding to samples


@dataclass(frozen=True)
class Degradation:
    """A kind by its name and its level, 0 where the kind has none.

    Raises UsageError for an unknown kind, and for a level that it does not have.
    """

    name: str
    level: float = 0.0

    def __post_init__(self) -> None:
        kind = KINDS.get(self.name)
        if kind is None:
            raise UsageError(f"{self.name!r} is unknown. Use all, list, or some of {', '.join(KINDS)}.", "degrade")
        if not kind.lowest <= self.level <= kind.highest:
            needed = f"{kind.lowest:g} to {kind.highest:g} {kind.unit}" if kind.levels else "no level"
            raise UsageError(f"{self.name}={self.level:g} given. {self.name} takes {needed}.", "degrade")

    @property
    def kind(self) -> DegradationKind:
        """What it does, and at which levels."""
        return KINDS[self.name]

    @property
    def label(self) -> str:
        """As options have it: "white=20", "phone"."""
        return f"{self.name}={self.level:g}" if self.kind.levels else self.name

    @property
    def time_map(self) -> TimeMap | None:
        """Where the times of the recording go; None if they stay."""
        return None if self.kind.time_map is None else self.kind.time_map(self.level)


def degrade(samples: Block, rate: int, degradation: Degradation, key: str = "") -> Block:
    """Samples (n_channels, n) with a degradation; what is in them stays in its place, or moves by the time map.

    What is left to chance depends on `key` and the kind alone: the same noise comes at every level.
    """
    digest = hashlib.blake2b(f"{degradation.name}\n{key}".encode(), digest_size=16).digest()
    random = np.random.default_rng(int.from_bytes(digest))
    return degradation.kind.change(samples, rate, degradation.level, random)


@dataclass(frozen=True)
class DegradedReading:
    """A degradation of a certain recording: `key` is what chance depends on, such as a seed and a name."""

    degradation: Degradation
    key: str

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def open(self, source: AudioSource, reading: Reading) -> AudioReader:
        """The part of the degraded recording that `reading` says. It is held in memory as a whole.

        Raises AudioError for whatever cannot be read.
        """
        time_map, end_s = self.degradation.time_map, reading.end_s
        if time_map is not None and end_s is not None:
            end_s = time_map.back(end_s) + _MARGIN_S
        with open_audio(source, replace(reading, start_s=0.0, end_s=end_s)) as reader:
            samples, info = np.concatenate([*reader.blocks()], axis=1), reader.info
        made = degrade(samples, info.sample_rate, self.degradation, self.key)
        return from_array(made, info.sample_rate, info.name, reading)
