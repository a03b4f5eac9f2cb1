"""Measure positions and time signatures, given the true beats and hands.

    python -m tests.benchmarks.rhythm ASAP [--split test] [--one-each] [--pieces]

A note is right that stands at most 1/24 beat from where the score has it; grace notes and notes that the score
does not have are not counted. A time signature is right where it is that of the annotation, bar by bar. Figures
are means over pieces. The last lines say whether confidences are right: a table, the expected calibration error
(Naeini et al., AAAI 2015), and the slope and offset of the log odds that would make them right, 1 and 0 at best.
"""

import argparse
import sys
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from pianotrans.datasets.asap import list_asap
from pianotrans.score.rhythm.finding import find_positions
from pianotrans.score.rhythm.positions import Positions
from pianotrans.score.rhythm.signatures import choose_signatures
from pianotrans.score.settings import ScoreSettings
from tests.benchmarks.rhythm_truth import RhythmTruth, read_truth

_CONFIDENCES = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.01)
_NEAR = Fraction(1, 24) + Fraction(1, 10_000)


def right_notes(truth: RhythmTruth, positions: Positions) -> tuple[np.ndarray, np.ndarray]:
    """Of the notes that count: whether each is right, and its confidence."""
    counted = [i for i, x in enumerate(truth.onset) if x is not None and not truth.is_grace[i]]
    right = np.array([abs(positions.onset[i] - truth.onset[i]) <= _NEAR for i in counted])
    return right, positions.confidence[counted]


def right_signatures(truth: RhythmTruth, positions: Positions) -> float:
    """The share of annotated bars."""
    chosen = choose_signatures(truth.bars, positions)
    bars = [(i, bar) for i, bar in enumerate(truth.bars.bars) if bar.first_beat in truth.annotated]
    return float(np.mean([(chosen[i].numerator, chosen[i].denominator) == truth.signatures[i] for i, _ in bars]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--one-each", action="store_true", help="one performance of each composition")
    parser.add_argument("--every", type=int, default=1, help="only every so many pieces")
    parser.add_argument("--pieces", action="store_true", help="figures of each piece")
    arguments = parser.parse_args()

    pieces = [piece for piece in list_asap(arguments.root) if piece.split == arguments.split]
    if arguments.one_each:
        pieces = list({piece.score: piece for piece in reversed(pieces)}.values())[::-1]
    notes, signatures, all_right, confidence, spent_s, music_s = [], [], [], [], 0.0, 0.0
    for piece in pieces[:: arguments.every]:
        truth = read_truth(arguments.root, piece)
        if truth is None:
            continue
        mark = time.process_time()
        positions = find_positions(truth.performance, truth.bars, truth.hands, ScoreSettings())
        spent_s += time.process_time() - mark
        music_s += truth.performance.notes[-1].onset_s
        right, sure = right_notes(truth, positions)
        notes.append(right.mean())
        signatures.append(right_signatures(truth, positions))
        all_right.append(right)
        confidence.append(sure)
        if arguments.pieces:
            print(f"{100 * notes[-1]:6.1f} {100 * signatures[-1]:6.1f}  {piece.name}", flush=True)
    print(f"{len(notes)} pieces: notes {100 * np.mean(notes):.1f} (median {100 * np.median(notes):.1f}),", end=" ")
    print(f"time signatures {100 * np.mean(signatures):.1f}; {3600 * spent_s / music_s:.1f} s an hour of music")
    _report_confidence(np.concatenate(all_right), np.concatenate(confidence))


def _report_confidence(right: np.ndarray, confidence: np.ndarray) -> None:
    print("confidence  right    notes")
    error = 0.0
    for low, high in pairwise(_CONFIDENCES):
        within = right[(low <= confidence) & (confidence < high)]
        stated = confidence[(low <= confidence) & (confidence < high)]
        if len(within):
            print(f"{stated.mean():10.3f} {within.mean():6.3f} {len(within):8d}")
            error += len(within) / len(right) * abs(stated.mean() - within.mean())
    log_odds = np.log(confidence) - np.log1p(-confidence)

    def misfit(line: np.ndarray) -> float:
        return float(np.logaddexp(0, np.where(right, -1, 1) * (line[0] * log_odds + line[1])).mean())

    slope, offset = minimize(misfit, [1.0, 0.0], method="Nelder-Mead").x
    print(f"expected calibration error {100 * error:.1f} %; slope {slope:.2f}, offset {offset:.2f}")


if __name__ == "__main__":
    sys.exit(main())
