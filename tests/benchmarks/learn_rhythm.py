"""Count rhythms in the training split of (n)ASAP: makes `pianotrans/score/rhythm/counts.npz`.

    python -m tests.benchmarks.learn_rhythm ASAP OUTPUT.npz

One performance of each composition is read; 80 000 notes teach which are written.
"""

import argparse
import math
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from pianotrans.datasets.asap import list_asap
from pianotrans.score.beats.notes import NoteTable
from pianotrans.score.hands.hands import LEFT, RIGHT
from pianotrans.score.rhythm.features import note_features
from pianotrans.score.rhythm.finding import smooth_beats
from pianotrans.score.rhythm.model import DIVISIONS, DUPLE_ONE, MOST_POINTS, TRIPLE_ONE
from tests.benchmarks.rhythm_truth import RhythmTruth, read_truth

LEAD, MEMBER, SKIPPED, UNKNOWN = 0, 1, 2, -1
_NUMBER = {int(n): d for d, n in enumerate(DIVISIONS) if d != TRIPLE_ONE}


def roles_of(truth: RhythmTruth, row: np.ndarray) -> list[int]:
    """What each note of a hand is."""
    roles, last = [], None
    for i in row.tolist():
        onset = truth.onset[i]
        if onset is None or truth.is_grace[i]:
            roles.append(UNKNOWN if truth.is_matched[i] and onset is None else SKIPPED)
        elif last is not None and onset < last:
            roles.append(UNKNOWN)
        else:
            roles.append(MEMBER if onset == last else LEAD)
            last = onset
    return roles


def divisions_of(truth: RhythmTruth, row: np.ndarray, roles: list[int]) -> tuple[dict[int, int], dict[int, set]]:
    """The division of each annotated beat of a hand that has one, and the places within it that are struck."""
    struck = defaultdict(set)
    for i, role in zip(row.tolist(), roles, strict=True):
        if role == LEAD:
            struck[math.floor(truth.onset[i])].add(truth.onset[i] % 1)
    found = {}
    for beat in truth.annotated:
        n = math.lcm(*(x.denominator for x in struck[beat]))
        if n in _NUMBER:
            found[beat] = _NUMBER[n]
    is_triple = next((DIVISIONS[d] % 3 == 0 for d in found.values() if d != DUPLE_ONE), False)
    for beat, d in found.items():
        if d == DUPLE_ONE:
            found[beat] = TRIPLE_ONE if is_triple else DUPLE_ONE
        else:
            is_triple = DIVISIONS[d] % 3 == 0
    return found, struck


def count(truths: list[RhythmTruth]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The counts, and the features and roles of all notes. Long pieces count less for each beat."""
    n = len(DIVISIONS)
    counts = {"struck": np.zeros((n, MOST_POINTS, 2, 2)), "moves": np.zeros((n, n)), "pairs": np.zeros((n, n))}
    features, roles = [], []
    for truth in truths:
        weight = 40 / math.sqrt(len(truth.onset))
        notes = NoteTable.from_performance(truth.performance)
        beat = smooth_beats(truth.bars.beats_s, notes.onset_s)
        period_s = np.diff(truth.bars.beats_s)[np.clip(beat.astype(int), 0, truth.bars.n_beats - 1)]
        by_hand = []
        for hand in (RIGHT, LEFT):
            row = np.flatnonzero(truth.hands.hand == hand)
            if len(row) < 5:
                by_hand.append({})
                continue
            role = roles_of(truth, row)
            found, struck = divisions_of(truth, row, role)
            by_hand.append(found)
            _count_hand(counts, found, struck, weight)
            table = NoteTable(*(x[row] for x in (notes.onset_s, notes.offset_s, notes.key, notes.velocity)), None)
            is_known = np.array(role) != UNKNOWN
            features.append(note_features(table, period_s[row])[is_known].astype(np.float32))
            roles.append(np.array(role)[is_known])
        for beat_number in by_hand[0].keys() & by_hand[1].keys():
            counts["pairs"][by_hand[0][beat_number], by_hand[1][beat_number]] += weight
    return counts, np.concatenate(features), np.concatenate(roles)


def _count_hand(
    counts: dict[str, np.ndarray], found: dict[int, int], struck: dict[int, set], weight: float
) -> None:
    for beat, d in found.items():
        before, n = 0, int(DIVISIONS[d])
        for point in range(n):
            is_struck = int(Fraction(point, n) in struck[beat])
            counts["struck"][d, point, before, is_struck] += weight
            before = is_struck
        if beat + 1 in found:
            counts["moves"][d, found[beat + 1]] += weight


def fit_roles(features: np.ndarray, roles: np.ndarray) -> np.ndarray:
    """Weights (n_features, 3) of a multinomial logistic regression with a small penalty."""
    target = np.eye(3)[roles]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(-1, 3)
        logits = features @ weights
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        value = -np.log((chance * target).sum(axis=1) + 1e-12).sum() + 1.5 * (weights**2).sum()
        slope = features.T @ (chance - target) + 3.0 * weights
        return value / len(roles), slope.ravel() / len(roles)

    start = np.zeros(features.shape[1] * 3)
    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x.reshape(-1, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    pieces = [piece for piece in list_asap(arguments.root) if piece.split == "train"]
    pieces = {piece.score: piece for piece in reversed(pieces)}.values()
    truths = [truth for piece in pieces if (truth := read_truth(arguments.root, piece)) is not None]
    counts, features, roles = count(truths)
    chosen = np.random.default_rng(0).permutation(len(roles))[:80_000]
    tables = {"roles": fit_roles(features[chosen], roles[chosen]), **counts}
    np.savez_compressed(arguments.output, **{name: table.astype(np.float32) for name, table in tables.items()})
    print(f"{len(truths)} performances, {len(roles)} notes")


if __name__ == "__main__":
    sys.exit(main())
