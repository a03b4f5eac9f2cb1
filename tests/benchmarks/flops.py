"""What models cost, counted: work per second of audio, parameters, size, and speed on this machine.

usage: python -m tests.benchmarks.flops MODEL[,group.name=value…] … [--time]

MODEL is a name, or a folder with a `config.toml`; settings behind it make a variant of its shape, such as
`transkun-v2,transformer.n_layers=4`. Weights are not looked at: speed is that of random ones.

The network's products are counted by torch on the real modules (meta tensors: nothing is computed), for one segment
of one channel, and divided by the hop between segments: what is computed twice counts twice. One multiplication and
one addition are two operations. Stated, not counted: 2.5 n log2 n for the FFT of n real samples; for the semi-CRF
the inner products of the intervals, N · T² · D. Elementwise functions are left out, of which the semi-CRF's
exponentials, one for each of N · T² / 2 intervals, are the most.
"""

import argparse
import math
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from pianotrans.inference.decoding import decode_segments
from pianotrans.inference.registry import CONFIG_FILE
from pianotrans.inference.segments import SegmentPlan
from pianotrans.network import AnyModelConfig, Model, read_config
from pianotrans.shipped import models_folder

_TIMED_S = 10.0  # as long as that segments are decoded


@dataclass(frozen=True)
class Cost:
    """Of one model; work in GFLOP per second of audio, by stage."""

    work: dict[str, float]
    n_parameters: int
    n_bytes: int  # as stored in float16, buffers included

    @property
    def total(self) -> float:
        """All stages."""
        return sum(self.work.values())


def config_of(given: str) -> AnyModelConfig:
    """The configuration of a model of `models/` or a folder, changed by the settings behind its name."""
    name, *changes = given.split(",")
    shipped = models_folder() / name
    folder = shipped if shipped.is_dir() else Path(name)
    table = tomllib.loads((folder / CONFIG_FILE).read_text())
    for change in changes:
        path, value = change.split("=")
        group, key = path.split(".")
        table.setdefault(group, {})[key] = tomllib.loads(f"x = {value}")["x"]
    return read_config(table, given)


def cost(config: AnyModelConfig) -> Cost:
    """Count a model."""
    plan = SegmentPlan.of(config)
    with torch.device("meta"):
        model = Model(config).to("meta").eval().requires_grad_(False)
        model.fix_embeddings(plan.segment_samples)
        samples = torch.zeros(1, 1, plan.segment_samples)
    n_frames, spectrogram = config.spectrogram.n_frames(plan.segment_samples), config.spectrogram
    windows = spectrogram.windows_samples
    work = {"FFT": n_frames * sum(2.5 * window * math.log2(window) for window in windows)}
    features = _count(work, "filters", model.spectrogram, samples)
    stem = _count(work, "stem", model.backbone.stem, features)
    tracks = _count(work, "transformer", model.backbone.transform, stem)
    context = _count(work, "upsampling", model.backbone.upsample, tracks, n_frames)
    _count(work, "scorer", model.scores, context)
    work["semi-CRF"] = config.tracks.n_tracks * n_frames**2 * config.context_width
    hop_s = plan.hop_samples / plan.sample_rate
    return Cost(
        {name: flop / 1e9 / hop_s for name, flop in work.items()},
        sum(x.numel() for x in model.parameters()),
        2 * sum(x.numel() for x in model.state_dict().values()),
    )


def _count(work: dict[str, float], name: str, function: Callable[..., torch.Tensor], *arguments: object) -> object:
    with FlopCounterMode(display=False) as counter:
        result = function(*arguments)
    work[name] = counter.get_total_flops()
    return result


def speed(config: AnyModelConfig) -> float:
    """Seconds of audio per second of computing, from samples to paths, in float32 on the cores that torch uses."""
    plan = SegmentPlan.of(config)
    torch.manual_seed(0)
    model = Model(config).eval().requires_grad_(False)
    model.spectrogram.fill_filters()
    model.fix_embeddings(plan.segment_samples)
    noise = np.random.default_rng(0).standard_normal((1, plan.segment_samples)).astype(np.float32)
    decode_segments(model, [noise])
    took: list[float] = []
    while sum(took) < _TIMED_S:
        start_s = time.perf_counter()
        decode_segments(model, [noise])
        took.append(time.perf_counter() - start_s)
    return plan.hop_samples / plan.sample_rate / float(np.median(took))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL[,group.name=value…]")
    parser.add_argument("--time", action="store_true", help="measure the speed, too")
    arguments = parser.parse_args()
    table = Table(box=None)
    table.add_column("GFLOP per s of audio", overflow="fold")
    stages = ("FFT", "filters", "stem", "transformer", "upsampling", "scorer", "semi-CRF")
    headings = (*stages, "total", "M parameters", "MB in float16", *(["times real time"] if arguments.time else []))
    for heading in headings:
        table.add_column(heading, justify="right")
    for given in arguments.models:
        config = config_of(given)
        found = cost(config)
        cells = [f"{found.work[stage]:.2f}" for stage in stages]
        cells += [f"{found.total:.2f}", f"{found.n_parameters / 1e6:.2f}", f"{found.n_bytes / 1e6:.2f}"]
        table.add_row(given, *cells, *([f"{speed(config):.1f}"] if arguments.time else []))
    Console(width=180).print(table)


if __name__ == "__main__":
    main()
