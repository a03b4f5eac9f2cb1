"""What a recording off pitch costs in F1, with its tuning evened out and without.

usage: python -m tests.benchmarks.tuning [--seconds S] [--step CENTS] [--json FILE]

Plays the beginnings of the eleven real recordings of the shared data faster and slower, from a semitone flat to a
semitone sharp, transcribes them, and prints the mean F1 of onsets at each step. The truth is that of the recording,
in its new time, at the nearest keys: more than half a semitone off, the next key is right; exactly between two keys
both are. `--json` keeps the F1 of every recording; steps that are in there already are not done again.
"""

import argparse
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pianotrans import Transcriber
from pianotrans.events import Performance, load_midi
from pianotrans.inference.tuning import estimate_tuning
from tests.agreement import Recording, recordings
from tests.conftest import REPOSITORY
from tests.inference.test_transcriber import onset_f1

_RATE = 44_100


def detuned(recording: Recording, cents: float, seconds: float) -> tuple[NDArray[np.float32], Performance]:
    """The beginning of a recording, (n_channels, n_samples) at 44.1 kHz, and what is played in it, off pitch."""
    samples, rate = soundfile.read(recording.audio, dtype="float32", always_2d=True)
    samples = samples[: round(seconds * rate)]
    speed = 2 ** (cents / 1200)
    truth = load_midi(recording.truth)
    notes = tuple(
        replace(note, onset_s=note.onset_s / speed, offset_s=note.offset_s / speed)
        for note in truth.notes
        if note.onset_s < seconds
    )
    return soxr.resample(samples, rate * speed, _RATE).T, replace(truth, notes=notes)


def transposed(performance: Performance, semitones: int) -> Performance:
    """The same on other keys."""
    notes = tuple(replace(note, key=note.key + semitones) for note in performance.notes)
    return replace(performance, notes=notes)


def evened_cents(samples: NDArray[np.float32]) -> float:
    """What `--tuning auto` evens out."""
    tuning = estimate_tuning([samples], _RATE)
    return tuning.cents if tuning.is_off else 0.0


def measure(transcriber: Transcriber, recording: Recording, cents: float, seconds: float) -> dict[str, float]:
    """F1 of onsets at the nearest keys without and with evening out, and the cents that are evened out."""
    samples, truth = detuned(recording, cents, seconds)
    nearest = {math.floor(cents / 100 + 0.5), math.ceil(cents / 100 - 0.5)}

    def f1(tuning_cents: float) -> float:
        transcriber.tuning_cents = tuning_cents
        heard = transcriber.transcribe(samples, _RATE)
        return max(onset_f1(transposed(truth, semitones), heard) for semitones in nearest)

    evened = evened_cents(samples)
    off = f1(0.0)
    return {"off": off, "auto": f1(evened) if evened else off, "evened_cents": evened}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--step", type=int, default=10)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    results: dict[str, dict[str, dict[str, float]]] = {}
    if arguments.json and arguments.json.exists():
        results = json.loads(arguments.json.read_text())
    transcriber = Transcriber(precision="float32", confidence=False)
    steps = sorted(range(-100, 101, arguments.step), key=lambda cents: (abs(abs(cents) - 45), cents))
    for cents in steps:
        if str(cents) in results:
            continue
        results[str(cents)] = {
            recording.audio.stem: measure(transcriber, recording, cents, arguments.seconds)
            for recording in recordings(shared)
        }
        if arguments.json:
            arguments.json.write_text(json.dumps(results))
    _show(results)


def _show(results: dict[str, dict[str, dict[str, float]]]) -> None:
    table = Table(box=None)
    for heading in ("cents", "mean, off", "auto", "lowest, off", "auto", "evened out"):
        table.add_column(heading, justify="right")
    for cents, pieces in sorted(results.items(), key=lambda item: int(item[0])):
        off, auto = ([piece[side] for piece in pieces.values()] for side in ("off", "auto"))
        n_evened = sum(piece["evened_cents"] != 0 for piece in pieces.values())
        cells = (f"{f1:.3f}" for f1 in (np.mean(off), np.mean(auto), min(off), min(auto)))
        table.add_row(f"{int(cents):+d}", *cells, str(n_evened))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
