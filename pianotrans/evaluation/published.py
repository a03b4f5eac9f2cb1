"""Scores of other systems from a csv: a row for each piece and metric, or a row for each piece."""

import csv
import math
from pathlib import Path

from pianotrans.errors import EvaluationError
from pianotrans.evaluation.metrics import NOTE_METRICS, PEDAL_METRICS
from pianotrans.events import SOFT, SUSTAIN, Durations

PIECE, METRIC, VALUE = "piece", "metric", "value"
_F1 = " f1"  # in this program's own pieces.csv

Values = dict[str, dict[str, float | None]]
"""By piece, then by metric."""


def read_published(path: Path) -> Values:
    """The numbers of a csv, None where a cell is empty.

    Either with the columns `piece`, `metric` and `value`, or with `piece` and a column for each metric; columns
    that hold texts are passed over. F1 goes by the names of this program, such as "keys onset" ("keys onset f1" is
    the same), and lies between 0 and 1. A piece is named by its path or file, without the suffix.
    Raises EvaluationError for files that cannot be read or have other columns, and for values out of range.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path}: is not a csv in UTF-8 ({error}). Export it again.") from error
    header = list(rows[0]) if rows else []
    if PIECE not in header or len(header) < 2:
        found = ", ".join(map(str, header)) or "no rows"
        raise EvaluationError(
            f"{path}: has {found}. Needed are the columns {PIECE}, {METRIC} and {VALUE}, or {PIECE} and a column "
            'for each metric, such as "keys onset".'
        )
    is_long = {METRIC, VALUE} <= set(header)
    values: Values = {}
    for line, row in enumerate(rows, 2):
        cells = [(row[METRIC], row[VALUE])] if is_long else [(name, row[name]) for name in header if name != PIECE]
        piece = values.setdefault(_name(row[PIECE]), {})
        for name, cell in cells:
            number = _number(cell, f"{path}, line {line}", must_be_one=is_long)
            if not isinstance(number, str):
                piece[_checked(name, number, f"{path}, line {line}")] = number
    return values


def is_f1(metric: str) -> bool:
    """Whether a metric's name is that of a column of scores."""
    group, _, name = metric.rpartition(" ")
    sides = [str(one) for one in Durations]
    notes = {*sides, *(f"{ref}-{est}" for ref in sides for est in sides)}
    if group in notes:
        return name in NOTE_METRICS
    return group in (f"{SUSTAIN} pedal", f"{SOFT} pedal") and name in PEDAL_METRICS


def _checked(name: str, number: float | None, where: str) -> str:
    """The metric's name; raises EvaluationError for an F1 that is none."""
    name = name.strip()
    name = name.removesuffix(_F1) if is_f1(name.removesuffix(_F1)) else name
    if is_f1(name) and number is not None and not 0 <= number <= 1:
        raise EvaluationError(f"{where}: {name} is {number:g}. Needed is F1 from 0 to 1; divide percents by 100.")
    return name


def _number(cell: str | None, where: str, *, must_be_one: bool) -> float | str | None:
    """The number in a cell, None if it is empty; a text as it is, unless it must be a number."""
    text = (cell or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        if must_be_one:
            raise EvaluationError(f"{where}: {text!r} is no number. Correct it, or leave it empty.") from None
        return text
    if not math.isfinite(number):
        return None
    return number


def _name(text: str | None) -> str:
    """The name of a piece: its path with slashes, without the suffix of a recording or MIDI file."""
    name = (text or "").strip().replace("\\", "/")
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and suffix.lower() in ("mid", "midi", "rmi", "wav", "flac", "mp3", "json") else name
