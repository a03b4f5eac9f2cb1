"""Two systems on the same pieces: how much they differ, and whether by more than chance."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pianotrans.errors import EvaluationError
from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED, Interval, bootstrap_interval, sign_flip_p
from pianotrans.evaluation.report import FORMAT, VERSION
from pianotrans.evaluation.settings import EvaluationSettings, in_words
from pianotrans.names import composed


@dataclass(frozen=True, slots=True)
class SavedPiece:
    """What is saved of a piece: for every column F1, None if not defined, and the amount in the reference."""

    f1: dict[str, float | None]
    reference: dict[str, float]


@dataclass(frozen=True, slots=True)
class SavedEvaluation:
    """An evaluation read back from its JSON, by piece; `name` is for messages."""

    name: str
    settings: EvaluationSettings
    pieces: dict[str, SavedPiece]


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of both systems: mean F1 over the `n_pieces` that define it, and the mean of B - A.

    `interval` is the paired bootstrap's (None for one piece), `p` that of the paired sign-flip test.
    """

    column: str
    n_pieces: int
    mean_a: float
    mean_b: float
    difference: float
    interval: Interval | None
    p: float


def load_evaluation(path: Path) -> SavedEvaluation:
    """Read the JSON of an evaluation. Raises EvaluationError if it cannot be read or is something else."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except ValueError as error:
        raise EvaluationError(f"{path}: is not JSON. Pass what `evaluate … --json` wrote.") from error
    if not isinstance(data, dict) or (data.get("format"), data.get("version")) != (FORMAT, VERSION):
        raise EvaluationError(
            f"{path}: is not an evaluation of version {VERSION}. Pass what `evaluate … --json` wrote."
        )
    try:
        pieces = {composed(piece["name"]): _piece(piece["scores"]) for piece in data["pieces"]}
        return SavedEvaluation(str(path), EvaluationSettings.from_dict(data["settings"]), pieces)
    except (KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{path}: is damaged ({error!r}). Evaluate again.") from error


def compare(
    a: SavedEvaluation, b: SavedEvaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> tuple[Difference, ...]:
    """Every column that is defined for at least one piece.

    Raises EvaluationError unless both have the same settings and the same pieces with the same references.
    """
    _check_comparable(a, b)
    differences = []
    for column in next(iter(a.pieces.values())).f1:
        f1 = [(a.pieces[name].f1[column], b.pieces[name].f1[column]) for name in a.pieces]
        defined = np.array([pair for pair in f1 if None not in pair], dtype=np.float64)
        if len(defined):
            change = defined[:, 1] - defined[:, 0]
            differences.append(
                Difference(
                    column=column,
                    n_pieces=len(defined),
                    mean_a=float(defined[:, 0].mean()),
                    mean_b=float(defined[:, 1].mean()),
                    difference=float(change.mean()),
                    interval=bootstrap_interval(change, n_resamples=n_resamples, seed=seed),
                    p=sign_flip_p(change, n_resamples=n_resamples, seed=seed),
                )
            )
    return tuple(differences)


def _piece(scores: dict[str, Any]) -> SavedPiece:
    return SavedPiece(
        f1={column: score["f1"] for column, score in scores.items()},
        reference={column: score["reference"] for column, score in scores.items()},
    )


def _readable(settings: EvaluationSettings) -> dict[str, Any]:
    data = settings.to_dict()
    del data["conventions"]
    return {"durations": " and ".join(one.name for one in settings.conventions)} | data


def _check_comparable(a: SavedEvaluation, b: SavedEvaluation) -> None:
    ours, theirs = _readable(a.settings), _readable(b.settings)
    for name, value in ours.items():
        if theirs[name] != value:
            raise EvaluationError(
                f"{a.name} was made with {in_words(name)} {value}, {b.name} with {theirs[name]}. "
                "Evaluate both with the same settings."
            )
    for one, other in ((a, b), (b, a)):
        missing = sorted(one.pieces.keys() - other.pieces.keys())
        if missing:
            raise EvaluationError(
                f"{other.name}: lacks {len(missing)} of the {len(one.pieces)} pieces of {one.name}, "
                f"such as {missing[0]}. Evaluate both on the same pieces."
            )
    if not a.pieces:
        raise EvaluationError(f"{a.name} and {b.name}: hold no pieces. There is nothing to compare.")
    for name, piece in a.pieces.items():
        if piece.f1.keys() != b.pieces[name].f1.keys():
            raise EvaluationError(f"{name}: has other scores in {a.name} than in {b.name}. Evaluate both again.")
        for column, amount in piece.reference.items():
            if abs(amount - b.pieces[name].reference[column]) > 1e-6:
                raise EvaluationError(
                    f"{name}: the reference is not the same in {a.name} and {b.name} ({column}: "
                    f"{amount:g} and {b.pieces[name].reference[column]:g}). Evaluate both on the same files."
                )
