"""How well models hear, and what they cost, beside others: a table, and a picture of F1 over processor time.

usage: python -m tests.benchmarks.tradeoff [MODEL …] [--basic-pitch PYTHON] [--degrade NAME=LEVEL,…] [--seconds N]
       [--limit N] [--picture FILE.png]

Every system transcribes the eleven real recordings of the shared data, each in a process of its own, on as many
threads as OMP_NUM_THREADS says. PYTHON is that of an environment with `pip install 'basic-pitch[onnx]'`. Scores are
means over recordings, by `pianotrans evaluate`, for MAPS with `--align`; its MIDI has no pedals. Processor time is
that of the recordings as they are, without loading; memory the peak of the whole process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from pianotrans.audio import Reading, open_audio
from pianotrans.audio.degradation import Degradation, DegradedReading, parse_degradations
from pianotrans.datasets import Pair, find_pairs
from pianotrans.evaluation import Column, EvaluationSettings, FilePair, score_pairs
from pianotrans.evaluation.collection import summarise
from pianotrans.evaluation.metrics import ACTIVATION, OFFSET, OFFSET_VELOCITY, ONSET, ONSET_VELOCITY
from tests.benchmarks.tradeoff_picture import PEERS, Point, draw_tradeoff
from tests.benchmarks.transcribing import BASIC_PITCH
from tests.conftest import REPOSITORY, SHARED

CLEAN = "as they are"
MAESTRO, MAPS = "maestro-mini", "maps"
COLUMNS = {
    "onset": Column("keys", ONSET),
    "+offset": Column("keys", OFFSET),
    "+offset, sounding": Column("sounding", OFFSET),
    "+velocity": Column("keys", ONSET_VELOCITY),
    "+offset+velocity": Column("keys", OFFSET_VELOCITY),
    "sustain pedal": Column("sustain pedal", ACTIVATION),
    "its onset": Column("sustain pedal", ONSET),
}


@dataclass(frozen=True)
class Clip:
    """A recording to transcribe, written to a file of its own."""

    dataset: str
    step: str  # how it was made worse
    pair: Pair
    audio: Path
    duration_s: float
    degradation: Degradation | None

    @property
    def name(self) -> str:
        """Unique among the clips."""
        return f"{self.dataset}/{self.step}/{self.pair.name}"


@dataclass(frozen=True)
class Measured:
    """Of one system: F1 of every column by data set and step, processor seconds per second of audio, memory."""

    system: str
    f1: dict[tuple[str, str], dict[str, float | None]]
    cost: float
    peak_mib: float


def find_recordings(shared: Path, limit: int | None) -> Iterator[tuple[str, Pair]]:
    """The six recordings of maestro-mini and the five real ones of MAPS, or the first of each."""
    for dataset, split in ((MAESTRO, None), (MAPS, "test")):
        layout = "maestro" if dataset == MAESTRO else "maps"
        for pair in find_pairs(layout, shared / dataset, split).pairs[:limit]:
            yield dataset, pair


def write_clips(
    recordings: Sequence[tuple[str, Pair]], steps: Sequence[Degradation], seconds: float | None, folder: Path
) -> list[Clip]:
    """Every recording as it is, then with every degradation, as WAV of 16 bits."""
    clips = []
    for step in (None, *steps):
        for dataset, pair in recordings:
            reading = Reading(end_s=seconds)
            opened = open_audio(pair.audio, reading) if step is None else None
            with opened or DegradedReading(step, f"0 {pair.name}").open(pair.audio, reading) as reader:  # type: ignore[arg-type]
                samples, rate = np.concatenate([*reader.blocks()], axis=1), reader.info.sample_rate
            path = folder / f"{len(clips)}.wav"
            soundfile.write(path, samples.T, rate, subtype="PCM_16")
            label = CLEAN if step is None else step.label
            clips.append(Clip(dataset, label, pair, path, samples.shape[1] / rate, step))
    return clips


def measure(system: str, python: str, clips: Sequence[Clip], folder: Path, seconds: float | None) -> Measured:
    """Transcribe all clips in one process, and score them."""
    folder.mkdir()
    midi = [folder / f"{clip.audio.stem}.mid" for clip in clips]
    tasks = folder / "tasks.json"
    tasks.write_text(json.dumps([[str(clip.audio), str(path)] for clip, path in zip(clips, midi, strict=True)]))
    script = Path(__file__).with_name("transcribing.py")
    done = subprocess.run(
        [python, str(script), system, str(tasks)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    report = json.loads(done.stdout.splitlines()[-1])
    of_clean = [
        (took_s, clip.duration_s)
        for took_s, clip in zip(report["took_s"], clips, strict=True)
        if clip.step == CLEAN
    ]
    took_s, audio_s = map(sum, zip(*of_clean, strict=True))
    scored = list(zip(clips, midi, strict=True))
    f1 = {
        group: _scores([one for one in scored if (one[0].dataset, one[0].step) == group], seconds)
        for group in dict.fromkeys((clip.dataset, clip.step) for clip in clips)
    }
    return Measured(Path(system).name, f1, took_s / audio_s, report["peak_mib"])


def _scores(scored: Sequence[tuple[Clip, Path]], seconds: float | None) -> dict[str, float | None]:
    """Mean F1 of every column, in %."""
    settings = EvaluationSettings(align=scored[0][0].dataset == MAPS, limit_s=seconds)
    pairs = []
    for clip, midi in scored:
        time_map = None if clip.degradation is None else clip.degradation.time_map
        pairs.append(FilePair(clip.name, clip.pair.midi, midi, None, time_map and time_map.there))
    pieces, failures = score_pairs(pairs, settings, n_jobs=1)
    assert not failures, failures
    found = {one.column: one.f1 for one in summarise(pieces, settings)}
    return {name: None if (f1 := found[column]) is None else 100 * f1 for name, column in COLUMNS.items()}


def table(results: Sequence[Measured]) -> str:
    """Two tables in Markdown: scores, and costs with the figures of peers."""
    lines = ["| data | recordings | system | " + " | ".join(COLUMNS) + " |", "|---" * (3 + len(COLUMNS)) + "|"]
    for group in results[0].f1:
        for one in results:
            cells = ["" if f1 is None else f"{f1:.1f}" for f1 in one.f1[group].values()]
            lines.append(f"| {group[0]} | {group[1]} | {one.system} | {' | '.join(cells)} |")
    headings = ("system", f"onset, {MAESTRO}", f"onset, {MAPS}", "processor s per s of audio", "peak MiB")
    lines += ["", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for one in results:
        onsets = [f"{one.f1[dataset, CLEAN]['onset']:.1f}" for dataset in (MAESTRO, MAPS)]
        lines.append(f"| {one.system} | {' | '.join(onsets)} | {one.cost:.3f} | {one.peak_mib:.0f} |")
    for name, peer in PEERS.items():
        lines.append(f"| {name}, as published | {peer.maestro:.1f} | {peer.maps:.1f} | {peer.cost or ''} | |")
    return "\n".join(lines)


def run(
    models: Sequence[str],
    *,
    shared: Path = SHARED,
    basic_pitch: str | None = None,
    degrade: str | None = None,
    seconds: float | None = None,
    limit: int | None = None,
) -> list[Measured]:
    """Measure the models, and basic-pitch where the Python of its environment is given."""
    systems = [(model, sys.executable) for model in models]
    systems += [] if basic_pitch is None else [(BASIC_PITCH, basic_pitch)]
    steps = () if degrade is None else parse_degradations(degrade)
    recordings = list(find_recordings(shared, limit))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clips = write_clips(recordings, steps, seconds, folder)
        return [
            measure(system, python, clips, folder / str(i), seconds) for i, (system, python) in enumerate(systems)
        ]


def points(results: Sequence[Measured]) -> dict[str, Point]:
    """What the picture shows of the systems."""

    def onset(one: Measured, dataset: str) -> float:
        return one.f1[dataset, CLEAN]["onset"] or 0.0

    return {one.system: Point(onset(one, MAESTRO), onset(one, MAPS), one.cost) for one in results}


def main() -> None:
    """Print the tables, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=["small", "nano", "transkun-v2"], metavar="MODEL")
    parser.add_argument("--basic-pitch", metavar="PYTHON")
    parser.add_argument("--degrade", metavar="NAME=LEVEL,…")
    parser.add_argument("--seconds", type=float, help="of every recording")
    parser.add_argument("--limit", type=int, help="recordings of each data set")
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    arguments = parser.parse_args()
    results = run(
        arguments.models,
        basic_pitch=arguments.basic_pitch,
        degrade=arguments.degrade,
        seconds=arguments.seconds,
        limit=arguments.limit,
    )
    print(table(results))
    if arguments.picture:
        arguments.picture.write_bytes(draw_tradeoff(points(results)))


if __name__ == "__main__":
    main()
