"""What a bias towards the sustain pedal finds, and what it breaks.

usage: python -m tests.benchmarks.pedal_bias SAMPLES [--bias B ...] [--performances N]

SAMPLES is a folder of piano samples, as for `pianotrans synthesize`. Decodes segments of 16 s, one by one, whose
true pedals are known: three of each recording of maestro-mini that has pedals, which are dry, and one of each of N
performances of ASAP that use the pedal much, played with resonance, every second one in a room and with noise. For
either material and each bias it prints how much of the time the pedal is down and is found to be down, the F1 of
that time, and how many strokes there are, are found, and match within 50 ms. Strokes that go on from before a
segment take part in the time alone.
"""

import argparse
import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pianotrans import Note, Pedal, Performance, Transcriber
from pianotrans.audio import open_audio
from pianotrans.evaluation import EvaluationSettings
from pianotrans.evaluation.metrics import ACTIVATION, ONSET, pedal_scores
from pianotrans.evaluation.scores import FScore
from pianotrans.evaluation.tables import EventTable
from pianotrans.events import SUSTAIN, load_midi
from pianotrans.piano import CONTROLLERS
from pianotrans.semicrf import decode_factored
from pianotrans.training.synthesis import SampleLibrary, Stage
from pianotrans.training.synthesis.staging import TAIL_S
from tests.agreement import recordings
from tests.benchmarks.repetitions import context_of
from tests.conftest import REPOSITORY

SEGMENT_S, RATE = 16.0, 44_100
STARTS_S = (0.0, 12.0, 24.0)
BEGIN_S = 30.0  # of the performances
MUCH = (0.6, 0.97)  # of the time is the pedal down
MANY, LONG_S = 20, 60.0
HELD_OVER_S = 0.025  # a stroke that begins so early in a segment has begun before it


@dataclass(frozen=True)
class Clip:
    """A segment with its true strokes, in its own time."""

    material: str
    sound: NDArray[np.float32]  # (channels, n) at RATE
    strokes: Sequence[Pedal]


def dry(shared: Path) -> Iterator[Clip]:
    """What maestro-mini holds."""
    for recording in recordings(shared):
        strokes = load_midi(recording.truth).pedals_of(SUSTAIN)
        if "maestro-mini" not in recording.audio.parts or not strokes:
            continue
        with open_audio(recording.audio) as reader:
            sound = np.concatenate([*reader.blocks()], axis=1)
        for start_s in STARTS_S:
            part = sound[:, round(start_s * RATE) : round((start_s + SEGMENT_S) * RATE)]
            yield Clip("maestro-mini, dry", part, within(strokes, start_s, start_s + SEGMENT_S))


def resonant(shared: Path, instrument: SampleLibrary) -> Iterator[Clip]:
    """Performances of ASAP in an order of chance that is always the same."""
    with (shared / "asap" / "performances.csv").open(newline="", encoding="utf-8") as table:
        names = [row["id"] for row in csv.DictReader(table) if row["render"] != "no"]
    np.random.default_rng(3).shuffle(names)
    played = (load_midi(shared / "asap" / "performances" / f"{name}.mid") for name in names)
    end_s = BEGIN_S + SEGMENT_S - TAIL_S
    for i, performance in enumerate(filter(uses_the_pedal, played)):
        notes = tuple(
            Note(n.onset_s - BEGIN_S, min(n.offset_s, end_s) - BEGIN_S, n.key, n.velocity)
            for n in performance.notes
            if BEGIN_S <= n.onset_s < end_s
        )
        strokes = within(performance.pedals_of(SUSTAIN), BEGIN_S, end_s)
        stage = Stage.draw((7, i), RATE) if i % 2 else Stage(resonance=True)
        sound = stage.record(Performance(notes, strokes, end_s - BEGIN_S), instrument, RATE).T
        yield Clip("ASAP, played with resonance", sound[:, : round(SEGMENT_S * RATE)], strokes)


def uses_the_pedal(performance: Performance) -> bool:
    """Whether the pedal is down much of the time, and is lifted often."""
    strokes = performance.pedals_of(SUSTAIN)
    down = sum(p.offset_s - p.onset_s for p in strokes) / performance.duration_s
    return MUCH[0] < down < MUCH[1] and performance.duration_s > LONG_S and len(strokes) > MANY


def within(strokes: Sequence[Pedal], begin_s: float, end_s: float) -> tuple[Pedal, ...]:
    """What of the strokes is in a stretch of time, in the time of the stretch."""
    return tuple(
        Pedal(max(p.onset_s, begin_s) - begin_s, min(p.offset_s, end_s) - begin_s, SUSTAIN)
        for p in strokes
        if p.offset_s > begin_s and p.onset_s < end_s
    )


def found_in(transcriber: Transcriber, context: torch.Tensor, biases: Sequence[float]) -> list[list[Pedal]]:
    """The strokes that are decoded from the context (T, D) of the pedal's track with each bias, to a frame."""
    frame_s = transcriber.plan.frame_duration_s
    scores = transcriber.model.scores(context[None, None])
    found = []
    for bias in biases:
        moves = decode_factored(scores.with_bias(torch.tensor([bias * frame_s])))
        spans = moves.read(np.zeros(1, np.int64))[:, 1:] * frame_s
        found.append([Pedal(begin, end, SUSTAIN) for begin, end in spans.tolist() if begin < end])
    return found


def scored(clip: Clip, found: Sequence[Pedal]) -> tuple[FScore, FScore]:
    """The time that the pedal is down, and its strokes."""
    settings = EvaluationSettings()
    everything = [EventTable.of_pedals(strokes) for strokes in (clip.strokes, found)]
    begun = [
        EventTable.of_pedals([one for one in strokes if one.onset_s > HELD_OVER_S])
        for strokes in (clip.strokes, found)
    ]
    return pedal_scores(*everything, settings)[ACTIVATION], pedal_scores(*begun, settings)[ONSET]


@torch.inference_mode()
def measured(
    clips: Iterator[Clip], transcriber: Transcriber, biases: Sequence[float]
) -> Iterator[tuple[str, float, list[tuple[FScore, FScore]]]]:
    """For every clip its material, its length in seconds, and its scores with each bias."""
    sustain = transcriber.model.config.tracks.numbers.index(-CONTROLLERS[SUSTAIN])
    for clip in clips:
        context = context_of(transcriber, clip.sound)[sustain]
        scores = [scored(clip, found) for found in found_in(transcriber, context, biases)]
        yield clip.material, clip.sound.shape[1] / RATE, scores


def main() -> None:
    """Print a line for every material and bias."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path)
    parser.add_argument("--bias", type=float, nargs="+", default=[0.0, 4.3, 6.5])
    parser.add_argument("--performances", type=int, default=6)
    given = parser.parse_args()
    shared = Path(os.environ.get("PIANOTRANS_SHARED", REPOSITORY.parent / "shared"))
    transcriber = Transcriber(tuning="off", precision="float32", device="cpu", confidence=False)
    instrument = SampleLibrary.open(given.samples)
    table = Table(box=None)
    for heading in ("material", "segments", "bias", "down %", "found %", "F1", "strokes", "found", "matched", "F1"):
        table.add_column(heading, justify="left" if heading == "material" else "right", no_wrap=True)
    clips = (*dry(shared), *islice(resonant(shared, instrument), given.performances))
    for material, rows in groupby(measured(iter(clips), transcriber, given.bias), lambda row: row[0]):
        _, lengths_s, scores = zip(*rows, strict=True)
        for bias, of_bias in zip(given.bias, zip(*scores, strict=True), strict=True):
            time, strokes = (FScore.pooled(some) for some in zip(*of_bias, strict=True))
            down, found = (100 * seconds / sum(lengths_s) for seconds in (time.reference, time.estimate))
            counts = (strokes.reference, strokes.estimate, strokes.matched)
            table.add_row(
                material,
                str(len(lengths_s)),
                f"{bias:g}",
                f"{down:.1f}",
                f"{found:.1f}",
                f"{100 * time.f1:.1f}",
                *(f"{count:.0f}" for count in counts),
                f"{100 * strokes.f1:.1f}",
            )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
