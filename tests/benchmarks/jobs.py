"""How many worker processes a machine is best used by.

usage: python -m tests.benchmarks.jobs [--jobs 1 2 4] [--clips 8] [--seconds 20] [--runs 2] [--model NAME]

Cuts a sample clip into a folder of recordings and transcribes it with every number of jobs in turn, each in a
run of its own into an empty folder. Prints medians of the wall time, of the speed (start-up included), and of the
processor time of all processes. The default of `--jobs` is 1 unless this says otherwise; run it on a quiet machine.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from tests.conftest import REPOSITORY

CLIP = REPOSITORY / "data" / "samples" / "beethoven_fur_elise.flac"


def make_collection(folder: Path, n_clips: int, seconds: float) -> None:
    """Recordings of the given length, each beginning at another place of the sample clip."""
    samples, rate = soundfile.read(CLIP, dtype="int16", always_2d=True)
    folder.mkdir()
    for i in range(n_clips):
        shifted = np.roll(samples, -i * rate, axis=0)
        clip = np.resize(shifted, (round(seconds * rate), samples.shape[1]))
        soundfile.write(folder / f"{i:03}.flac", clip, rate)


def measure(folder: Path, out: Path, n_jobs: int, model: str) -> tuple[float, float]:
    """(wall seconds, processor seconds of all processes) of one run into an empty folder."""
    out.mkdir()
    command = [sys.executable, str(REPOSITORY / "cli.py"), "transcribe", str(folder), "-o", str(out), "--quiet"]
    before, start_s = os.times(), time.monotonic()
    subprocess.run([*command, "--jobs", str(n_jobs), "--model", model], check=True)
    wall_s, after = time.monotonic() - start_s, os.times()
    spent_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, spent_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--model", default="transkun-v2")
    arguments = parser.parse_args()
    figures: dict[int, list[tuple[float, float]]] = {n_jobs: [] for n_jobs in arguments.jobs}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_collection(folder / "in", arguments.clips, arguments.seconds)
        for i in range(arguments.runs):
            for n_jobs in arguments.jobs:  # in turn, so that a slow moment of the machine hits all alike
                out = folder / f"out {i} {n_jobs}"
                figures[n_jobs].append(measure(folder / "in", out, n_jobs, arguments.model))

    audio_s = arguments.clips * arguments.seconds
    table = Table(title=f"{arguments.clips} clips of {arguments.seconds:g} s, {os.cpu_count()} cores", box=None)
    for heading in ("jobs", "wall, s", "times real time", "processor, s"):
        table.add_column(heading, justify="right")
    for n_jobs, runs in figures.items():
        wall_s, spent_s = (statistics.median(column) for column in zip(*runs, strict=True))
        table.add_row(str(n_jobs), f"{wall_s:.1f}", f"{audio_s / wall_s:.2f}", f"{spent_s:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
