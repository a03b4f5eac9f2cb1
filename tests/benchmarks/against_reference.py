"""The whole `pianotrans transcribe` against the whole reference implementation, on the same files, in turn.

usage: python -m tests.benchmarks.against_reference [AUDIO …] [--truth MIDI …] [--runs 3] [--json OUT]

Makes an environment of its own for `transkun==2.0.1` beside the model cache (some minutes, once). Each run is a
whole process, ours and theirs alternating; printed are medians and their ratio for wall time, processor time and
peak memory, and F1 of both by `score_midi.py` of the shared data where the true MIDI is known. Without AUDIO: one
recording of 40 s and one of five minutes out of the shared data.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import soundfile
from rich.console import Console
from rich.table import Table

from pianotrans.audio import open_audio
from pianotrans.inference.registry import cache_folder
from tests.agreement import f1_columns
from tests.conftest import REPOSITORY

REFERENCE = "transkun==2.0.1"
# The package asks for torchaudio for one function, which has no CPU build of its own everywhere.
STAND_IN = '''"""Stands in for torchaudio: the one function that the reference implementation calls."""
import types
import librosa, torch

def _melscale_fbanks(n_freqs, f_min, f_max, n_mels, sample_rate):
    filters = librosa.filters.mel(
        sr=sample_rate, n_fft=2 * (n_freqs - 1), n_mels=n_mels, fmin=f_min, fmax=f_max, htk=True, norm=None
    )
    return torch.from_numpy(filters.T.copy()).float()

functional = types.SimpleNamespace(melscale_fbanks=_melscale_fbanks)
'''
NEEDED = (
    "setuptools<80", "ncls", "pretty-midi", "scipy", "mir-eval", "pydub", "seaborn", "matplotlib",
    "tensorboard", "tqdm", "torch-optimizer", "sox", "soxr", "moduleconf",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def reference_environment() -> Path:
    """The Python of an environment that holds the reference implementation, made if need be."""
    folder = cache_folder().parent / "benchmarks" / "transkun-2.0.1"
    python, done = folder / "bin" / "python", folder / "complete"
    if done.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    same = [f"{name}=={version(name)}" for name in ("torch", "numpy", "numba", "librosa")]
    subprocess.run([*pip, *same, *NEEDED], check=True)
    subprocess.run([*pip, "--no-deps", REFERENCE], check=True)
    (stand_in,) = folder.glob("lib/python*/site-packages")
    (stand_in / "torchaudio.py").write_text(STAND_IN)
    done.touch()
    return python


def measure(command: list[str]) -> Run:
    """Run a command to its end; raises if it fails."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:4]}: exit code {process.returncode}: {said.decode()[-2000:]}")
    return Run(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def to_wav(audio: Path, wav: Path) -> float:
    """A 16-bit WAV, the one format that the reference reads without further tools; returns its seconds."""
    with open_audio(audio) as reader:
        info = reader.info
        with soundfile.SoundFile(wav, "w", info.sample_rate, info.n_channels, "PCM_16") as file:
            for block in reader.blocks():
                file.write(block.T)
            return file.frames / info.sample_rate


def compare(
    audio: Path, truth: Path | None, n_runs: int, reference_python: Path, ours: list[str]
) -> dict[str, object]:
    """Alternate both on one file."""
    with tempfile.TemporaryDirectory() as folder:
        wav, est, ref = (Path(folder) / name for name in ("input.wav", "ours.mid", "reference.mid"))
        seconds = to_wav(audio, wav)
        commands = {
            "reference": [str(reference_python), "-m", "transkun.transcribe", str(wav), str(ref)],
            "ours": [
                sys.executable,
                str(REPOSITORY / "cli.py"),
                "transcribe",
                str(wav),
                "-o",
                str(est),
                "--overwrite",
                *ours,
            ],
        }
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(n_runs):
            for name, command in commands.items():
                runs[name].append(measure(command))
        medians = {
            name: Run(*(statistics.median(getattr(run, field) for run in some) for field in Run.__annotations__))
            for name, some in runs.items()
        }
        shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
        f1 = {n: f1_columns(shared, truth, p) for n, p in (("reference", ref), ("ours", est))} if truth else {}
    return {"file": audio.name, "seconds": seconds, "medians": {n: vars(m) for n, m in medians.items()}, "f1": f1}


def show(result: dict, console: Console) -> None:
    """One table for one file."""
    reference, ours = (result["medians"][name] for name in ("reference", "ours"))
    table = Table(title=f"{result['file']}, {result['seconds']:.1f} s of audio", box=None)
    for heading in ("", "reference", "pianotrans", "ratio"):
        table.add_column(heading, justify="right")
    for field, label in (("wall_s", "wall, s"), ("cpu_s", "processor, s"), ("peak_mib", "peak memory, MiB")):
        table.add_row(
            label, f"{reference[field]:.1f}", f"{ours[field]:.1f}", f"{reference[field] / ours[field]:.2f}"
        )
    rates = [m["wall_s"] / result["seconds"] for m in (reference, ours)]
    table.add_row("s per s of audio", *(f"{rate:.3f}" for rate in rates), "")
    for column in result["f1"].get("ours", {}):
        both = [result["f1"][name][column] for name in ("reference", "ours")]
        table.add_row(f"F1 {column}", *(f"{f1:.4f}" for f1 in both), f"{both[1] - both[0]:+.4f}")
    console.print(table)


def default_files(shared: Path) -> list[tuple[Path, Path]]:
    """A recording of 40 s and one of five minutes, each with its true MIDI."""
    return [
        (shared / "maestro-mini/2011/haydn_sonata.wav", shared / "maestro-mini/2011/haydn_sonata.midi"),
        (shared / f"maps/train/{LONG}.opus", shared / f"maps/train/{LONG}.mid"),
    ]


LONG = "chpn_op27_2_SptkBGCl"


def main() -> None:
    """Compare, file by file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="*", type=Path)
    parser.add_argument("--truth", nargs="*", type=Path, default=[])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ours", nargs=argparse.REMAINDER, default=[], help="further options for pianotrans")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()

    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    truths = [*arguments.truth, *[None] * len(arguments.audio)]
    files = list(zip(arguments.audio, truths, strict=False)) or default_files(shared)
    python = reference_environment()
    console = Console(width=120)
    results = []
    for audio, truth in files:
        results.append(compare(audio, truth, arguments.runs, python, arguments.ours))
        show(results[-1], console)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
