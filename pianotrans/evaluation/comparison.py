"""Systems on the same pieces: how much they differ from the first, and whether by more than chance."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from pianotrans.errors import EvaluationError
from pianotrans.evaluation.bootstrap import N_RESAMPLES, SEED, Interval, bootstrap_interval, sign_flip_p
from pianotrans.evaluation.collection import Evaluation
from pianotrans.evaluation.published import is_f1, read_published
from pianotrans.evaluation.report import FORMAT, VERSION, piece_to_dict
from pianotrans.evaluation.settings import EvaluationSettings, in_words
from pianotrans.names import composed


@dataclass(frozen=True, slots=True)
class SavedPiece:
    """What is saved of a piece: F1 of every column, None if not defined, and other figures by their names.

    `reference` is the amount in the reference for each column; a published csv does not tell it.
    """

    f1: dict[str, float | None]
    figures: dict[str, float | None] = field(default_factory=dict)
    reference: dict[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, float | None]:
        """F1 and figures."""
        return self.f1 | self.figures


@dataclass(frozen=True, slots=True)
class SavedEvaluation:
    """An evaluation read back, by piece; `name` is for messages, `settings` are None for a published csv."""

    name: str
    settings: EvaluationSettings | None
    pieces: dict[str, SavedPiece]

    @classmethod
    def of(cls, evaluation: Evaluation, name: str) -> Self:
        """An evaluation that was just made."""
        return cls(name, evaluation.settings, _pieces(map(piece_to_dict, evaluation.pieces)))


@dataclass(frozen=True, slots=True)
class SystemMean:
    """One column of one system: its mean with the bootstrap interval, and the difference to the first system.

    `system` is its place among the systems, 0 for the first. `difference` is None for the first system, and where
    no piece has both values.
    """

    column: str
    system: int
    n_pieces: int
    mean: float
    interval: Interval | None
    difference: "Difference | None"

    @property
    def is_f1(self) -> bool:
        """Whether it is F1; else a figure with a unit of its own."""
        return is_f1(self.column)


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
    """Read the JSON of an evaluation, or a published csv (see `read_published`).

    Raises EvaluationError if it cannot be read or is something else.
    """
    if path.suffix.lower() == ".csv":
        return _of_csv(path)
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
        pieces = _pieces(data["pieces"])
        return SavedEvaluation(str(path), EvaluationSettings.from_dict(data["settings"]), pieces)
    except (KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{path}: is damaged ({error!r}). Evaluate again.") from error


def compare_systems(
    systems: Sequence[SavedEvaluation], *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> tuple[SystemMean, ...]:
    """Every column that the first of two or more systems defines for a piece, of every system that has it.

    In order of column, then of system. Raises EvaluationError unless all have the same settings and the same pieces
    with the same references, as far as they tell; a published csv may hold more pieces than the others.
    """
    first, *others = systems
    others = [_on_the_pieces_of(first, one) for one in others]
    differences = [
        {one.column: one for one in compare(first, b, n_resamples=n_resamples, seed=seed)} for b in others
    ]
    found = []
    for column in _columns(first):
        for i, (system, of_system) in enumerate(zip((first, *others), ({}, *differences), strict=True)):
            values = [value for one in system.pieces.values() if (value := one.values().get(column)) is not None]
            if values:
                interval = bootstrap_interval(values, n_resamples=n_resamples, seed=seed)
                mean = float(np.mean(values))
                found.append(SystemMean(column, i, len(values), mean, interval, of_system.get(column)))
    return tuple(found)


def compare(
    a: SavedEvaluation, b: SavedEvaluation, *, n_resamples: int = N_RESAMPLES, seed: int = SEED
) -> tuple[Difference, ...]:
    """Every column that is defined for at least one piece on both sides.

    Raises EvaluationError unless both have the same settings and the same pieces with the same references, as far
    as they tell, and at least one column in common.
    """
    b = _on_the_pieces_of(a, b)
    _check_comparable(a, b)
    differences = []
    for column in _columns(a):
        values = [(a.pieces[name].values().get(column), b.pieces[name].values().get(column)) for name in a.pieces]
        defined = np.array([pair for pair in values if None not in pair], dtype=np.float64)
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


def _columns(system: SavedEvaluation) -> tuple[str, ...]:
    """All names of values, F1 first, as they stand in the pieces."""
    pieces = system.pieces.values()
    return tuple(
        dict.fromkeys(
            [name for one in pieces for name in one.f1] + [name for one in pieces for name in one.figures]
        )
    )


def _pieces(pieces: Iterable[dict[str, Any]]) -> dict[str, SavedPiece]:
    return {
        composed(piece["name"]): SavedPiece(
            f1={column: score["f1"] for column, score in piece["scores"].items()},
            figures=dict(piece.get("figures", {})),
            reference={column: score["reference"] for column, score in piece["scores"].items()},
        )
        for piece in pieces
    }


def _of_csv(path: Path) -> SavedEvaluation:
    pieces = {
        composed(name): SavedPiece(
            {metric: value for metric, value in values.items() if is_f1(metric)},
            {metric: value for metric, value in values.items() if not is_f1(metric)},
        )
        for name, values in read_published(path).items()
    }
    return SavedEvaluation(str(path), None, pieces)


def _on_the_pieces_of(a: SavedEvaluation, b: SavedEvaluation) -> SavedEvaluation:
    """A published csv by the names of the other's pieces: by the same path, or else by the file's name alone."""
    if b.settings is not None:
        return b
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in b.pieces:
        by_stem[name.rpartition("/")[2]].append(name)
    found = {}
    for name in a.pieces:
        alike = [name] if name in b.pieces else by_stem[name.rpartition("/")[2]]
        if len(alike) == 1:
            found[name] = b.pieces[alike[0]]
    return replace(b, pieces=found)


def _readable(settings: EvaluationSettings | None) -> dict[str, Any]:
    if settings is None:
        return {}
    data = settings.to_dict()
    del data["conventions"]
    return {"durations": " and ".join(one.name for one in settings.conventions)} | data


def _check_comparable(a: SavedEvaluation, b: SavedEvaluation) -> None:
    ours, theirs = _readable(a.settings), _readable(b.settings)
    for name, value in ours.items():
        if theirs.get(name, value) != value:
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
    if not set(_columns(a)) & set(_columns(b)):
        raise EvaluationError(
            f"{b.name}: has {', '.join(_columns(b)[:5]) or 'no values'}, and none of the columns of {a.name}, such "
            f"as {', '.join(_columns(a)[:3])}. Name its columns as those."
        )
    for name, piece in a.pieces.items():
        for column in piece.reference.keys() & b.pieces[name].reference.keys():
            amount, other_amount = piece.reference[column], b.pieces[name].reference[column]
            if abs(amount - other_amount) > 1e-6:
                raise EvaluationError(
                    f"{name}: the reference is not the same in {a.name} and {b.name} ({column}: "
                    f"{amount:g} and {other_amount:g}). Evaluate both on the same files."
                )
