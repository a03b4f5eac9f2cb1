"""What a recording off pitch costs in F1, with its tuning corrected and without.

usage: python -m tests.benchmarks.tuning [--seconds S] [--step CENTS] [--hop S] [--json FILE]

Joins a few seconds of each of the eleven real recordings of the shared data, plays the whole faster and slower,
from a semitone flat to a semitone sharp, transcribes it, and prints the F1 of onsets at each step. The truth is
what was played, in its new time, at the nearest keys: more than half a semitone off, the next key is right;
exactly between two keys both are. `--json` keeps the results; steps that are in there already are not done again.
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
from pianotrans.events import Note, Performance, load_midi
from tests.agreement import onset_f1, recordings
from tests.conftest import REPOSITORY

_RATE = 44_100
_FROM_S = 3.0  # of every recording


def medley(shared: Path, seconds: float) -> tuple[NDArray[np.float32], list[Note]]:
    """Some seconds of each recording, one after another: (n_samples,) at 44.1 kHz, and what is played."""
    parts, notes = [], []
    for i, recording in enumerate(recordings(shared)):
        samples, rate = soundfile.read(recording.audio, dtype="float32", always_2d=True)
        part = samples[round(_FROM_S * rate) :][: round(seconds * rate)].mean(axis=1)
        part = soxr.resample(part, rate, _RATE)
        parts.append(part / np.abs(part).max() / 2)
        later_s = i * seconds - _FROM_S
        notes += [
            replace(note, onset_s=note.onset_s + later_s, offset_s=note.offset_s + later_s)
            for note in load_midi(recording.truth).notes
            if _FROM_S <= note.onset_s < _FROM_S + seconds
        ]
    return np.concatenate(parts), notes


def measure(
    transcriber: Transcriber, music: NDArray[np.float32], notes: list[Note], cents: float
) -> dict[str, float]:
    """F1 of onsets at the nearest keys without and with its correction, and what the tuning is taken for."""
    speed = 2 ** (cents / 1200)
    off_pitch = soxr.resample(music, _RATE * speed, _RATE)

    def f1(heard: Performance) -> float:
        return max(
            onset_f1(_played(notes, speed, semitones), heard)
            for semitones in {math.floor(cents / 100 + 0.5), math.ceil(cents / 100 - 0.5)}
        )

    transcriber.tuning_cents = None
    heard = transcriber.transcribe(off_pitch, _RATE)
    auto = f1(heard)
    corrected = [float(remark.values["tuning_cents"]) for remark in heard.remarks if remark.kind == "tuning"]
    if not corrected:
        return {"off": auto, "auto": auto}
    transcriber.tuning_cents = 0.0
    off = f1(transcriber.transcribe(off_pitch, _RATE))
    return {"off": off, "auto": auto, "corrected_cents": corrected[0]}


def _played(notes: list[Note], speed: float, semitones: int) -> Performance:
    """The notes at another speed and on other keys."""
    return Performance(
        tuple(
            replace(note, onset_s=note.onset_s / speed, offset_s=note.offset_s / speed, key=note.key + semitones)
            for note in notes
        )
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--step", type=int, default=10)
    parser.add_argument("--hop", type=float, default=14.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    results: dict[str, dict[str, float]] = {}
    if arguments.json and arguments.json.exists():
        results = json.loads(arguments.json.read_text())
    transcriber = Transcriber(hop_s=arguments.hop, precision="float32", confidence=False)
    music, notes = medley(shared, arguments.seconds)
    steps = range(-100, 101, arguments.step)
    for cents in sorted(steps, key=lambda cents: (cents % 20 != 0, abs(abs(cents) - 50))):
        if str(cents) not in results:
            results[str(cents)] = measure(transcriber, music, notes, cents)
            if arguments.json:
                arguments.json.write_text(json.dumps(results))
    _show({int(cents): row for cents, row in results.items()})


def _show(results: dict[int, dict[str, float]]) -> None:
    table = Table(box=None)
    for heading in ("cents", "--tuning off", "--tuning auto", "corrected"):
        table.add_column(heading, justify="right")
    for cents, row in sorted(results.items()):
        corrected = f"{row['corrected_cents']:+.1f}" if "corrected_cents" in row else "no"
        table.add_row(f"{cents:+d}", f"{row['off']:.3f}", f"{row['auto']:.3f}", corrected)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
