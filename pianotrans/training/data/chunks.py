"""Recordings as chunks to train on: the same seed gives the same chunks, whatever process makes them."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from pianotrans.audio.degradation.noise import Key
from pianotrans.errors import DatasetError
from pianotrans.network import AnyModelConfig
from pianotrans.network.config import TracksConfig
from pianotrans.training.data.augmentation import Augmentation, AugmentationSettings, Treatment
from pianotrans.training.data.index import Recording
from pianotrans.training.data.labels import Labels, labels_of
from pianotrans.training.data.reading import read_at_rate

_LEAST_S = 1.0  # of a recording that a shifted chunk holds, if it is as long; the rest may be silence
_SHIFT = 0  # the number of the generator that shifts chunks; those of `augmentation` have other ones


@dataclass(frozen=True)
class ChunkSettings:
    """How recordings are cut (README §9). The defaults are those of the published model."""

    length_s: float = 16.0
    hop_s: float = 8.0  # between the starts of two chunks
    shift: bool = True  # move every chunk at random, by up to half a hop
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)

    def __post_init__(self) -> None:
        if not 0 < self.hop_s <= self.length_s:
            raise DatasetError(
                f"chunks.hop_s: {self.hop_s} given; more than 0 and at most length_s ({self.length_s}) is needed."
            )


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some seconds of a recording and what is to be heard in them."""

    samples: Tensor  # float32 (n_channels, n_samples)
    labels: Labels
    recording: str  # its name
    start_s: float  # in the recording; negative: it begins with silence
    tells_pedals: bool = True  # false: nothing is known of them

    @property
    def identity(self) -> str:
        """Which chunk it is, for messages."""
        return f"{self.recording} from {self.start_s:.3f} s"


@dataclass(frozen=True, eq=False)
class Batch:
    """Chunks to be trained on at once."""

    samples: Tensor  # float32 (n_chunks, n_channels, n_samples)
    labels: list[Labels]
    identities: list[str]
    tell_pedals: list[bool]

    def heard(self, tracks: TracksConfig) -> Tensor:
        """Whether anything is known of each track of each chunk, (n_chunks, n_tracks) of 0 and 1."""
        is_key = torch.tensor(tracks.numbers) >= 0
        return (torch.tensor(self.tell_pedals)[:, None] | is_key).float()

    def to(self, device: torch.device) -> Self:
        """The same with samples on a device."""
        return replace(self, samples=self.samples.to(device, non_blocking=True))


class Chunks(Dataset[Chunk]):
    """The chunks of recordings; the chunk of a key (epoch, i) is a pure function of seed, epoch and i.

    They start every `hop_s`, from before the beginning of a recording, so that every moment of it is in as many
    chunks, to its end. Only the seconds of a chunk are read.
    """

    def __init__(
        self, recordings: Sequence[Recording], config: AnyModelConfig, settings: ChunkSettings, seed: int
    ) -> None:
        """Raises DatasetError if there are no recordings, or for a negative seed."""
        if not recordings:
            raise DatasetError("there are no recordings to cut into chunks. Prepare some, or choose another split.")
        if seed < 0:
            raise DatasetError(f"seed: {seed} given; 0 or more is needed.")
        self.recordings = tuple(recordings)
        self.config = config
        self.settings = settings
        self.seed = seed
        self._rate = config.spectrogram.sample_rate
        self._n_samples = round(settings.length_s * self._rate)
        self._augmentation = Augmentation(settings.augmentation, self._rate)
        self._ends = list(accumulate(_n_chunks(one.duration_s, settings) for one in self.recordings))

    def __len__(self) -> int:
        """Number of chunks in an epoch, the same in every epoch."""
        return self._ends[-1]

    def __getitem__(self, key: tuple[int, int]) -> Chunk:
        """The chunk of a key (epoch, i). Raises DatasetError if its recording cannot be read any more."""
        epoch, i = key
        if not 0 <= i < len(self):
            raise IndexError(f"chunk {i} of {len(self)}")
        random_key = (self.seed, epoch, i)
        which = bisect_right(self._ends, i)
        recording = self.recordings[which]
        number = i - (self._ends[which - 1] if which else 0)
        treatment = self._augmentation.draw(random_key, recording.n_channels)
        return self._cut(recording, self._start_s(recording, number, random_key), treatment)

    def _start_s(self, recording: Recording, number: int, key: Key) -> float:
        """Where a chunk starts: at its place, or shifted, but not so far that it holds next to nothing."""
        settings = self.settings
        start_s = settings.hop_s * (number + 1) - settings.length_s
        if not settings.shift:
            return start_s
        start_s += np.random.default_rng([*key, _SHIFT]).uniform(-0.5, 0.5) * settings.hop_s
        least_s = min(_LEAST_S, recording.duration_s, settings.length_s)
        return float(np.clip(start_s, least_s - settings.length_s, recording.duration_s - least_s))

    def _cut(self, recording: Recording, start_s: float, treatment: Treatment) -> Chunk:
        speed, n_lead = treatment.speed, treatment.n_lead
        lead_s = n_lead * speed / self._rate
        begin = round((start_s - lead_s) * recording.sample_rate)
        samples, begin_s = read_at_rate(recording, begin, n_lead + self._n_samples, self._rate, speed=speed)
        start_s = begin_s + lead_s
        return Chunk(
            torch.from_numpy(treatment.apply(samples)),
            self._labels(recording, start_s, speed),
            recording.name,
            start_s,
            recording.tells_pedals,
        )

    def _labels(self, recording: Recording, start_s: float, speed: float) -> Labels:
        """What is to be heard; played faster, all moments of a recording come earlier by the same factor."""
        end_s = start_s + self._n_samples / self._rate * speed
        performance = recording.events.performance(start_s, end_s, speed=speed)
        return labels_of(performance, start_s / speed, self.config, self._n_samples)


def _n_chunks(duration_s: float, settings: ChunkSettings) -> int:
    """Chunks that start before the end of a recording, the first so early that one hop of it is heard."""
    return max(1, math.ceil((duration_s + settings.length_s) / settings.hop_s - 1))


def collate(chunks: Sequence[Chunk]) -> Batch:
    """One batch of chunks of one length.

    Recordings of fewer channels are repeated: channels are mixed in power (README §3), so that changes nothing.
    """
    n_channels = math.lcm(*(chunk.samples.shape[0] for chunk in chunks))
    samples = [chunk.samples.repeat(n_channels // chunk.samples.shape[0], 1) for chunk in chunks]
    return Batch(
        torch.stack(samples),
        [chunk.labels for chunk in chunks],
        [chunk.identity for chunk in chunks],
        [chunk.tells_pedals for chunk in chunks],
    )
