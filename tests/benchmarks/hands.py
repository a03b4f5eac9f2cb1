"""Measure how many notes are given to the right hand or staff, beside two simple ways.

    python -m tests.benchmarks.hands ASAP PIANO_MIDI_DE --model models/hands [--split test] [--damage]

Truth is the staff of the aligned score in (n)ASAP, and the track in piano-midi.de; notes of which neither is known
do not count. Figures are means over pieces, and over all notes.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from pianotrans.datasets.hands import HandedPiece, list_asap_hands
from pianotrans.datasets.piano_midi_de import list_piano_midi_de_hands
from pianotrans.events import Performance
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.finding import HandFinder, split_hands
from pianotrans.score.hands.hands import LEFT, RIGHT, Hands
from pianotrans.training.variations import damage

N_WORST = 8
MOVING_REACH = 16  # notes on either side; the best of 8, 16, 24, 32, 48, 64 on (n)ASAP


def moving_mean(performance: Performance) -> Hands:
    """Notes above the mean key of those around them to the right hand."""
    key = np.array([note.key for note in performance.notes], dtype=float)
    total = np.concatenate([[0.0], np.cumsum(key)])
    place = np.arange(len(key))
    low, high = np.maximum(place - MOVING_REACH, 0), np.minimum(place + MOVING_REACH + 1, len(key))
    is_right = key >= (total[high] - total[low]) / (high - low)
    return Hands(np.where(is_right, RIGHT, LEFT), np.ones(len(key)))


def measure(
    pieces: list[HandedPiece], finder: HandFinder, *, damaged: bool
) -> tuple[list[dict], np.ndarray, float]:
    """Rows of figures, (confidence, is right) of every note, and processor seconds of the finder."""
    ways: dict[str, Callable[[Performance], Hands]] = {"C4": lambda p: split_hands(p, 60), "mean": moving_mean}
    rows, confidences, spent_s = [], [], 0.0
    for number, piece in enumerate(pieces):
        handed = piece.load()
        notes, truth = NoteTable.from_performance(handed.performance), handed.hand
        if damaged:
            notes, source = damage(notes, 0.06, 0.06, 0.02, np.random.default_rng(number))
            truth = np.where(source >= 0, truth[source], 0)
        is_known = truth > 0
        if not is_known.any():
            continue
        mark = time.process_time()
        found = finder.find_in(notes)
        spent_s += time.process_time() - mark
        is_right = (found.hand == truth)[is_known]
        confidences.append(np.stack([found.confidence[is_known], is_right], axis=1))
        row = {"piece": piece.name, "n": int(is_known.sum()), "network": is_right.mean()}
        if not damaged:
            row |= {name: (way(handed.performance).hand == truth)[is_known].mean() for name, way in ways.items()}
        rows.append(row)
    return rows, np.concatenate(confidences), spent_s


def show(title: str, rows: list[dict], confidences: np.ndarray, spent_s: float) -> None:
    """Print figures, the worst pieces and the reliability."""
    counts = [row["n"] for row in rows]
    print(f"{title}: {len(rows)} pieces, {sum(counts)} notes with a known hand, {spent_s:.1f} processor seconds")
    print(f"{'':10s} {'pieces':>7s} {'notes':>7s}")
    for name in [key for key in rows[0] if key not in ("piece", "n")]:
        shares = [100 * row[name] for row in rows]
        print(f"{name:10s} {np.mean(shares):7.2f} {np.average(shares, weights=counts):7.2f}")
    print(
        "worst:",
        *(f"  {100 * r['network']:5.1f} {r['piece']}" for r in sorted(rows, key=lambda r: r["network"])[:N_WORST]),
        sep="\n",
    )
    print("confidence → right:", *reliability(confidences), sep="  ")


def reliability(confidences: np.ndarray) -> list[str]:
    """How often notes of each confidence are right, and the calibration error."""
    confidence, is_right = confidences.T
    bins = np.minimum((confidence * 20).astype(int), 19)
    cells, error = [], 0.0
    for i in np.unique(bins):
        chosen = bins == i
        mean, share = confidence[chosen].mean(), is_right[chosen].mean()
        cells.append(f"{mean:.3f}→{share:.3f} ({chosen.sum()})")
        error += abs(mean - share) * chosen.mean()
    return [*cells, f"expected calibration error {error:.3f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("asap", type=Path)
    parser.add_argument("piano_midi_de", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--split", default="test")
    parser.add_argument("--one-each", action="store_true", help="one performance of each composition")
    parser.add_argument("--damage", action="store_true", help="lose, add and shift notes as a transcription does")
    parser.add_argument("--csv", type=Path, help="figures of each piece")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    finder, all_rows = HandFinder.load(arguments.model), []
    asap, sequenced = list_asap_hands(arguments.asap), list_piano_midi_de_hands(arguments.piano_midi_de)
    for title, pieces in {"asap, staff": asap, "piano-midi.de, hand": sequenced}.items():
        chosen = [piece for piece in pieces if piece.split == arguments.split]
        if arguments.one_each:
            chosen = list({piece.score: piece for piece in chosen}.values())
        rows, confidences, spent_s = measure(chosen, finder, damaged=arguments.damage)
        show(title, rows, confidences, spent_s)
        all_rows += rows
    if arguments.csv:
        with arguments.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, all_rows[0].keys())
            writer.writeheader()
            writer.writerows(all_rows)


if __name__ == "__main__":
    sys.exit(main())
