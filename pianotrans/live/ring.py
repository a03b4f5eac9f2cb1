"""Blocks between a thread that must not wait and one that may be late: bounded, and what is lost is counted."""

from collections import deque
from threading import Condition

import numpy as np

from pianotrans.audio import Block


class Ring:
    """Keeps the newest samples until they are read, at most `capacity` of each channel."""

    def __init__(self, n_channels: int, capacity: int):
        self._n_channels, self._capacity = n_channels, capacity
        self._blocks: deque[Block] = deque()
        self._n_held = self._n_lost = 0
        self._is_closed = False
        self._changed = Condition()

    def write(self, block: Block) -> None:
        """Add samples (n_channels, n); the oldest make room, and count as lost."""
        with self._changed:
            self._blocks.append(block)
            self._n_held += block.shape[1]
            while self._n_held > self._capacity:
                oldest = self._blocks.popleft()
                self._n_held -= oldest.shape[1]
                self._n_lost += oldest.shape[1]
            self._changed.notify_all()

    def close(self) -> None:
        """No more will be written."""
        self._is_closed = True  # without the lock: a signal handler may interrupt whoever holds it

    @property
    def is_closed(self) -> bool:
        """Whether no more will be written."""
        return self._is_closed

    def read(self, least: int, timeout_s: float) -> tuple[int, Block]:
        """All that is there, once it is `least` samples or the time is up: how many were lost before it, and it."""
        with self._changed:
            self._changed.wait_for(lambda: self._n_held >= least or self._is_closed, timeout_s)
            n_lost, blocks = self._n_lost, [np.zeros((self._n_channels, 0), np.float32), *self._blocks]
            self._blocks.clear()
            self._n_held = self._n_lost = 0
        return n_lost, np.concatenate(blocks, axis=1)
