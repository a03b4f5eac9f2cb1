"""Where the time goes: the stages of a transcription, each timed and its work counted."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from pianotrans.audio import AudioReader
from pianotrans.events import midi_bytes
from pianotrans.inference.transcriber import Transcriber

_COUNTED = {"spectrogram", "stem", "transformer", "upsampling", "scorer"}


@dataclass(frozen=True)
class StageTime:
    """What a stage took over a whole recording, and what it computed."""

    name: str
    took_s: float
    gflop: float  # multiplications and additions of matrix products, convolutions and attention


class StageClock:
    """Times stages by name, in order of their first appearance; waits for the device before it looks."""

    def __init__(self, device: torch.device):
        self.took_s: dict[str, float] = defaultdict(float)
        self._device = device

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        self._synchronise()
        start_s = time.perf_counter()
        yield
        self._synchronise()
        self.took_s[stage] += time.perf_counter() - start_s

    def _synchronise(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        elif self._device.type == "mps":
            torch.mps.synchronize()


class WorkCounter:
    """A clock that counts the work of the network's stages instead of their time: counting slows them down."""

    def __init__(self) -> None:
        self.gflop: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Add the work of the block to a stage."""
        if stage not in _COUNTED:
            yield
            return
        with FlopCounterMode(display=False) as counter:
            yield
        self.gflop[stage] += counter.get_total_flops() / 1e9


def time_stages(transcriber: Transcriber, open_reader: Callable[[], AudioReader]) -> tuple[list[StageTime], float]:
    """Transcribe a recording twice, which `open_reader` opens: once to count the work, once to take the time.

    Returns the stages and the seconds of audio. The first run also warms everything up.
    """
    counter, clock = WorkCounter(), StageClock(transcriber.device)
    with open_reader() as reader:
        transcriber.transcribe(reader, clock=counter)
    with open_reader() as reader:
        performance = transcriber.transcribe(reader, clock=clock)
    with clock("MIDI"):
        midi_bytes(performance)
    stages = [StageTime(name, took_s, counter.gflop[name]) for name, took_s in clock.took_s.items()]
    return stages, performance.duration_s


def matmul_gflops(device: torch.device, size: int = 2048, n_runs: int = 8) -> float:
    """Speed of a float32 matrix product on the device, GFLOP/s: the peak that the stages are held against."""
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    times_s = []
    for _ in range(n_runs):
        clock = StageClock(device)
        with clock("product"):
            torch.mm(a, b)
        times_s.append(clock.took_s["product"])
    return 2 * size**3 / min(times_s) / 1e9
