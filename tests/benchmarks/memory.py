"""Peak memory of whole runs on files of different lengths.

usage: python -m tests.benchmarks.memory [--minutes 5 60] [--model NAME] [--hop SECONDS]

Repeats a sample clip to the wanted lengths, transcribes each in a process of its own and prints the peak resident
memory, its ratio to that of the first, and the time taken.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import soundfile

from tests.benchmarks.against_reference import measure
from tests.conftest import REPOSITORY

CLIP = REPOSITORY / "data" / "samples" / "beethoven_fur_elise.flac"


def main() -> None:
    """Print a line for each length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", nargs="+", type=float, default=[5, 60])
    parser.add_argument("--model", default="transkun-v2")
    parser.add_argument("--hop", type=float)
    arguments = parser.parse_args()
    samples, rate = soundfile.read(CLIP, dtype="int16")
    first_mib = None
    with tempfile.TemporaryDirectory() as folder:
        for minutes in arguments.minutes:
            path = Path(folder) / f"{minutes:g}.wav"
            with soundfile.SoundFile(path, "w", rate, samples.shape[1], "PCM_16") as file:
                while file.frames < minutes * 60 * rate:
                    file.write(samples)
            command = [sys.executable, str(REPOSITORY / "cli.py"), "transcribe", str(path)]
            command += ["--model", arguments.model]
            if arguments.hop is not None:
                command += ["--hop", str(arguments.hop)]
            run = measure(command)
            first_mib = first_mib or run.peak_mib
            print(
                f"{minutes:g} min: peak {run.peak_mib:.0f} MiB ({run.peak_mib / first_mib:.2f} of the first), "
                f"{run.wall_s:.0f} s, {run.wall_s / minutes / 60:.3f} s per s of audio",
                flush=True,
            )


if __name__ == "__main__":
    main()
