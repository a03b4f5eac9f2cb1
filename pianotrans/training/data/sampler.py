"""Which chunks are in which step, whatever the number of processes: a pure function of seed and step."""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from pianotrans.errors import PianotransError, TrainingError
from pianotrans.processes import n_cores
from pianotrans.training.data.chunks import Batch, Chunk, Chunks, collate

Key = tuple[int, int]  # epoch, chunk
_ORDER = 1_000_003  # tells the generators of orders from those of chunks


@dataclass(frozen=True)
class Share:
    """What one of `n_processes` processes computes of a step of `n_clips` clips, in `n_parts` parts."""

    n_clips: int
    n_parts: int = 1
    n_processes: int = 1
    process: int = 0

    def __post_init__(self) -> None:
        if self.n_clips % (self.n_parts * self.n_processes):
            raise TrainingError(
                f"clips_per_step: {self.n_clips} given; they must divide into accumulation ({self.n_parts}) times "
                f"the number of processes ({self.n_processes}) equal parts."
            )

    def parts(self, keys: Sequence[Key]) -> Iterator[list[Key]]:
        """The parts of a step's chunks that this process computes."""
        n = self.n_clips // (self.n_parts * self.n_processes)
        for part in range(self.n_parts):
            begin = (part * self.n_processes + self.process) * n
            yield list(keys[begin : begin + n])


class Order(Sampler[list[Key]]):
    """The parts of the steps from `first_step` on, as (epoch, chunk) pairs.

    The steps cut an endless sequence of epochs into pieces of `share.n_clips`; every epoch has all chunks, in an
    order of its own.
    """

    def __init__(self, n_chunks: int, seed: int, steps: range, share: Share):
        self._n_chunks, self._seed, self._steps, self._share = n_chunks, seed, steps, share

    def __len__(self) -> int:
        """Number of parts."""
        return len(self._steps) * self._share.n_parts

    def __iter__(self) -> Iterator[list[Key]]:
        epoch, order = -1, np.empty(0, np.int64)
        for step in self._steps:
            keys = []
            for place in range(step * self._share.n_clips, (step + 1) * self._share.n_clips):
                if place // self._n_chunks != epoch:
                    epoch = place // self._n_chunks
                    order = self._of_epoch(epoch)
                keys.append((epoch, int(order[place % self._n_chunks])))
            yield from self._share.parts(keys)

    def _of_epoch(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, _ORDER, epoch]).permutation(self._n_chunks)


def load_parts(chunks: Chunks, order: Order, n_workers: int) -> Iterator[Batch]:
    """The batches of an order, read by `n_workers` other processes (0: by this one), at most one for each core.

    Raises what reading a chunk raises, in order: after the batches before it.
    """
    loader = DataLoader(
        _ByKey(chunks),
        batch_sampler=order,
        num_workers=min(n_workers, n_cores()),
        collate_fn=_collate,
        worker_init_fn=_leave_interrupts_to_the_loop,
        generator=torch.Generator(),  # not the global one, which is the network's
    )
    for batch in loader:
        if isinstance(batch, PianotransError):
            raise batch
        yield batch


class _ByKey(Dataset[Chunk | PianotransError]):
    """Chunks by epoch and number: workers that read ahead are in several epochs at once.

    Errors are given out like chunks: raised in a worker they would arrive as a traceback in a text.
    """

    def __init__(self, chunks: Chunks):
        self._chunks = chunks

    def __getitem__(self, key: Key) -> Chunk | PianotransError:
        try:
            return self._chunks[key]
        except PianotransError as error:
            return error


def _collate(chunks: list[Chunk | PianotransError]) -> Batch | PianotransError:
    for chunk in chunks:
        if isinstance(chunk, PianotransError):
            return chunk
    return collate([chunk for chunk in chunks if isinstance(chunk, Chunk)])


def _leave_interrupts_to_the_loop(_: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
