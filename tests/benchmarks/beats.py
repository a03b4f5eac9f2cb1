"""Measure beats and downbeats on annotated performances, beside what users' hints bring.

    python -m tests.benchmarks.beats ASAP --model models/beats --meter models/meter [--split test] [--hints bpm]

`--damage` harms the notes as a transcription does. Without `--meter` the first model alone finds the bars.

As published figures do, the first 5 s of every piece are skipped, beats count within 70 ms, and figures are means
over pieces (mir_eval; Davies, Degara & Plumbley, "Evaluation Methods for Musical Audio Beat Tracking", 2009).
"""

import argparse
import csv
import sys
import time
from collections import defaultdict
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import torch

from pianotrans.datasets.asap import list_asap
from pianotrans.datasets.beats import AnnotatedPiece, BeatAnnotation
from pianotrans.evaluation.score import HINT_KINDS, BeatScores, parse_hint_kinds, score_beats
from pianotrans.evaluation.score.hints import hints_for
from pianotrans.events import Note, Performance
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.notes import NoteTable, find_moments
from pianotrans.score.beats.tracking import BeatModel, BeatTracker
from pianotrans.score.meter.model import MeterModel

FIGURES = tuple(one.name for one in fields(BeatScores))


def damage(performance: Performance, seed: int) -> Performance:
    """Lose 3 % of the notes, add 3 %, and move all by 10 ms (standard deviation), as a transcription does."""
    random = np.random.default_rng(seed)
    notes = []
    for note in performance.notes:
        if random.random() < 0.03:
            continue
        onset_s = max(note.onset_s + random.normal(0, 0.01), 0.0)
        notes.append(replace(note, onset_s=onset_s, offset_s=max(note.offset_s, onset_s + 0.02)))
        if random.random() < 0.03:
            extra_s = max(onset_s + random.normal(0, 0.5), 0.0)
            key = int(np.clip(note.key + random.choice([-12, 12, 19, 7]), 21, 108))
            notes.append(Note(extra_s, extra_s + 0.1, key, max(note.velocity // 2, 1)))
    return replace(performance, notes=tuple(notes))


def predict(tracker: BeatTracker, pieces: list[AnnotatedPiece], *, damaged: bool):
    """(piece, notes, moments, logits) for each."""
    for number, piece in enumerate(pieces):
        performance = damage(piece.load(), number) if damaged else piece.load()
        notes = NoteTable.from_performance(performance, knows_pedals=piece.knows_pedals)
        moments = find_moments(notes.onset_s)
        yield piece, notes, moments, tracker.predict(notes, moments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--meter", type=Path, help="the model that hears bars")
    parser.add_argument("--split", default="test")
    parser.add_argument("--hints", default="none", help=f"several of {', '.join(HINT_KINDS)}")
    parser.add_argument("--damage", action="store_true")
    parser.add_argument("--one-each", action="store_true", help="one performance of each composition")
    parser.add_argument("--composers", action="store_true", help="figures of each composer")
    parser.add_argument("--csv", type=Path, help="figures of each piece")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    pieces = [piece for piece in list_asap(arguments.root) if piece.split == arguments.split]
    if arguments.one_each:
        pieces = list({piece.score: piece for piece in pieces}.values())
    meter = None if arguments.meter is None else MeterModel.load(arguments.meter)
    tracker = BeatTracker(BeatModel.load(arguments.model), meter)
    rows, confidences, spent_s = [], [], defaultdict(float)
    mark = time.process_time()
    for piece, notes, moments, logits in predict(tracker, pieces, damaged=arguments.damage):
        spent_s["network and reading"] += time.process_time() - mark
        for kind in parse_hint_kinds(arguments.hints):
            mark = time.process_time()
            grid = tracker.decode(notes, moments, logits, hints_for(kind, piece.beats))
            spent_s["decoding"] += time.process_time() - mark
            if scores := score_beats(piece.beats, grid):
                rows.append({"hints": kind, "piece": piece.name, "composer": piece.composer, **asdict(scores)})
            confidences += _hits(piece.beats, grid) if kind == "none" else []
        mark = time.process_time()
    _report(rows, arguments)
    print(f"{len(pieces)} performances; processor seconds: {dict(spent_s)}")
    _reliability(confidences)


def _report(rows: list[dict], arguments: argparse.Namespace) -> None:
    if arguments.csv:
        with arguments.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    groups = defaultdict(list)
    for row in rows:
        groups[row["hints"], ""].append(row)
        if arguments.composers:
            groups[row["hints"], row["composer"]].append(row)
    print(f"{'hints':10s} {'':14s} {'n':>4s} " + " ".join(f"{name:>9s}" for name in FIGURES))
    for (kind, composer), group in groups.items():
        figures = " ".join(f"{100 * np.mean([row[name] for row in group]):9.1f}" for name in FIGURES)
        print(f"{kind:10s} {composer:14s} {len(group):4d} {figures}")


def _hits(truth: BeatAnnotation, grid: BeatGrid) -> list[tuple[float, bool, float, bool]]:
    """(confidence, is right) of beats, and the same of downbeats."""

    def right(times_s: np.ndarray, time_s: float) -> bool:
        return bool(np.min(np.abs(times_s - time_s), initial=np.inf) <= 0.07)

    inside = [b for b in grid.beats if truth.times_s[0] - 0.1 <= b.time_s <= truth.times_s[-1] + 0.1]
    return [
        (b.confidence, right(truth.times_s, b.time_s), b.downbeat_confidence, right(truth.downbeats_s, b.time_s))
        for b in inside
    ]


def _reliability(confidences: list[tuple[float, bool, float, bool]]) -> None:
    """How often beats of each confidence are right."""
    if not confidences:
        return
    table = np.array(confidences, dtype=float)
    for name, (confidence, is_right) in {"beats": table.T[:2], "downbeats": table.T[2:]}.items():
        bins = np.clip((confidence * 10).astype(int), 0, 9)
        cells = []
        for i in range(10):
            chosen = bins == i
            if chosen.sum():
                cells.append(f"{confidence[chosen].mean():.2f}→{is_right[chosen].mean():.2f} ({chosen.sum()})")
        print(f"confidence of {name} → right:", "  ".join(cells))


if __name__ == "__main__":
    sys.exit(main())
