"""What a longer hop between segments costs in F1, and what it saves.

usage: python -m tests.benchmarks.hops [--hops 8 10 12 14 15] [--precision NAME] [--json OUT]

Transcribes the eleven real recordings of the shared data at every hop and prints the mean of every F1 column of
`score_midi.py`, its difference from the first hop, and the seconds of computing per second of audio.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from pianotrans import Transcriber
from tests.agreement import f1_columns, recordings
from tests.conftest import REPOSITORY


def measure(hop_s: float, precision: str, shared: Path) -> tuple[dict[str, float], float]:
    """Mean F1 of every column, and seconds per second of audio, at one hop."""
    transcriber = Transcriber(hop_s=hop_s, precision=precision)
    columns: dict[str, list[float]] = {}
    audio_s = took_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for recording in recordings(shared):
            start = time.perf_counter()
            performance = transcriber.transcribe(recording.audio)
            took_s += time.perf_counter() - start
            audio_s += performance.duration_s
            path = Path(folder) / f"{recording.audio.stem}.mid"
            performance.save(path)
            for name, f1 in f1_columns(shared, recording.truth, path).items():
                columns.setdefault(name, []).append(f1)
    return {name: float(np.mean(values)) for name, values in columns.items()}, took_s / audio_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hops", nargs="+", type=float, default=[8, 10, 12, 14, 15])
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    results = {hop_s: measure(hop_s, arguments.precision, shared) for hop_s in arguments.hops}
    base, _ = results[arguments.hops[0]]

    table = Table(box=None)
    table.add_column("mean F1")
    for hop_s in results:
        table.add_column(f"hop {hop_s:g} s", justify="right")
    for column in base:
        cells = [f"{f1[column]:.4f} ({f1[column] - base[column]:+.4f})" for f1, _ in results.values()]
        table.add_row(column, *cells)
    table.add_row("s per s of audio", *(f"{rate:.3f}" for _, rate in results.values()))
    Console(width=140).print(table)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({str(hop): {"f1": f1, "rate": rate} for hop, (f1, rate) in results.items()})
        )


if __name__ == "__main__":
    main()
