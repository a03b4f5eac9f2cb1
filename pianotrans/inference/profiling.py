"""Where the time goes: the stages of a transcription, each timed and counted on its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from pianotrans.audio import AudioReader, Block, resample
from pianotrans.events import midi_bytes
from pianotrans.inference.decoding import SegmentPaths, best_moves, decode_segments, paths_of, track_groups
from pianotrans.inference.segments import cut
from pianotrans.inference.stitching import Event, Stitcher
from pianotrans.inference.transcriber import CountedBlocks, Transcriber, performance_of
from pianotrans.network import N_TRACKS

T = TypeVar("T")


@dataclass
class Stage:
    """One stage: what it took over the whole recording, and what it computed."""

    name: str
    took_s: float = 0.0
    gflop: float = 0.0  # multiplications and additions of matrix products, convolutions and attention


@dataclass
class StageClock:
    """Times stages by name, in order of their first appearance; waits for the device before it looks."""

    device: torch.device
    stages: dict[str, Stage] = field(default_factory=dict)
    _gflop_per_run: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        stage = self.stages.setdefault(name, Stage(name))
        self._synchronise()
        start = time.perf_counter()
        yield
        self._synchronise()
        stage.took_s += time.perf_counter() - start

    def run(self, name: str, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function and add its time and its work to a stage.

        The work is counted once, in a first call that is not timed.
        """
        if name not in self._gflop_per_run:
            with FlopCounterMode(display=False) as counter:
                function(*arguments)
            self._gflop_per_run[name] = counter.get_total_flops() / 1e9
        with self(name):
            result = function(*arguments)
        self.stages[name].gflop += self._gflop_per_run[name]
        return result

    def _synchronise(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()


@torch.inference_mode()
def time_stages(transcriber: Transcriber, reader: AudioReader, max_s: float) -> tuple[list[Stage], float]:
    """Transcribe the beginning of a recording stage by stage; returns the stages and the seconds of audio.

    The same functions in the same order as `Transcriber.transcribe`, one segment at a time.
    """
    plan, info = transcriber.plan, reader.info
    clock = StageClock(transcriber.device)
    audio = CountedBlocks(reader)
    blocks = resample(_timed_blocks(audio, clock, max_s), info.sample_rate, plan.sample_rate, info.n_channels)
    stitcher, events = Stitcher(plan, N_TRACKS), list[Event]()
    for samples in cut(blocks, info.n_channels, plan):
        if samples.any():
            paths = _timed_paths(transcriber, samples, clock)
        else:
            (paths,) = decode_segments(transcriber.model, [samples], with_confidence=transcriber.confidence)
        with clock("attributes, stitching"):
            events += stitcher.push(paths.read(stitcher.start_frames))
    with clock("MIDI"):
        midi_bytes(performance_of(events + stitcher.finish(), audio.duration_s))
    return list(clock.stages.values()), audio.duration_s


def _timed_blocks(audio: CountedBlocks, clock: StageClock, max_s: float) -> Iterator[Block]:
    blocks = iter(audio)
    while audio.duration_s < max_s:
        with clock("decode audio"):
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _timed_paths(transcriber: Transcriber, samples: Block, clock: StageClock) -> SegmentPaths:
    """What `decode_segments` does for one segment that sounds."""
    model, device = transcriber.model, clock.device
    features = clock.run("spectrogram", model.spectrogram, torch.from_numpy(samples[None]).to(device))
    stem = clock.run("stem", model.backbone.stem, features)
    tracks = clock.run("transformer", model.backbone.transform, stem)
    context = clock.run("upsampling", model.backbone.upsample, tracks, features.shape[1])
    found = []
    for group in track_groups(context):
        scores = clock.run("scorer", model.scores, group[None])
        with clock("semi-CRF"):
            found.append(best_moves(scores, with_confidence=transcriber.confidence))
    (paths,) = paths_of(model, context, found)
    return paths


def matmul_gflops(device: torch.device, size: int = 2048, n_runs: int = 8) -> float:
    """Speed of a float32 matrix product on the device, GFLOP/s: the peak that the stages are held against."""
    a, b = (torch.randn(size, size, device=device) for _ in range(2))
    clock = StageClock(device)
    times = []
    for _ in range(n_runs):
        with clock("run"):
            torch.mm(a, b)
        times.append(clock.stages.pop("run").took_s)
    return 2 * size**3 / min(times) / 1e9
