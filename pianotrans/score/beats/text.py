"""Beats as text that a user can edit: a csv, or a label track of Audacity.

A csv has the columns `time_s`, `bar` and `beat` (1 is the downbeat), and `confidence`, of which only the first is
needed. A label track has a line `start TAB end TAB label` for each beat, its label `bar.beat`; `b` and `db`, as in
annotations of data sets, are read, too.
"""

import csv
import io
import re
from collections.abc import Iterable

import numpy as np

from pianotrans.errors import ScoreError
from pianotrans.score.beats.grid import BeatGrid
from pianotrans.score.beats.hints import GivenBeats

_DOWNBEAT = re.compile(r"db\b.*|(\d+\.)?1")
_BEAT = re.compile(r"(db|bR|b)\b.*|(\d+\.)?\d+")

_Row = tuple[float, bool | None]
"""A time, and whether a bar begins there; None if that is not said."""


def beats_csv(grid: BeatGrid) -> str:
    """The beats as csv."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time_s", "bar", "beat", "confidence"])
    for beat in grid.beats:
        writer.writerow([f"{beat.time_s:.4f}", beat.bar, beat.position + 1, f"{beat.confidence:.3f}"])
    return out.getvalue()


def beat_labels(grid: BeatGrid) -> str:
    """The beats as a label track of Audacity."""
    return "".join(f"{b.time_s:.6f}\t{b.time_s:.6f}\t{b.bar}.{b.position + 1}\n" for b in grid.beats)


def parse_beats(text: str, name: str = "beats") -> GivenBeats:
    """Read either. Where no line says which beat it is, bars are unknown.

    Raises ScoreError for lines that are none, and for times that `GivenBeats` refuses.
    """
    lines = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    is_track = bool(lines) and "\t" in lines[0]
    rows = list(_label_rows(lines, name) if is_track else _csv_rows(lines, name))
    is_downbeat = [row[1] for row in rows]
    if len({known is None for known in is_downbeat}) > 1:
        raise ScoreError(f"{name}: some lines say which beat they are, some do not. Say it in all of them or none.")
    times_s = np.array([row[0] for row in rows], dtype=float)
    known = None if not rows or is_downbeat[0] is None else np.array(is_downbeat, dtype=bool)
    try:
        return GivenBeats(times_s, known)
    except ScoreError as error:
        raise ScoreError(f"{name}: {error}") from error


def _label_rows(lines: Iterable[str], name: str) -> Iterable[_Row]:
    for number, line in enumerate(lines, 1):
        if line.startswith("\\"):  # a range of frequencies, which Audacity adds to the label before
            continue
        cells = [*line.split("\t"), "", ""]
        label = cells[2].strip()
        if label and not _BEAT.fullmatch(label):
            raise ScoreError(f"{name}: line {number} has the label {label!r}. Give bar.beat as in 3.1, or none.")
        yield _time(cells[0], number, name), bool(_DOWNBEAT.fullmatch(label)) if label else None


def _csv_rows(lines: list[str], name: str) -> Iterable[_Row]:
    rows = list(csv.reader(lines))
    header = [cell.strip() for cell in rows[0]] if rows else []
    has_header = "time_s" in header
    time_column = header.index("time_s") if has_header else 0
    beat_column = header.index("beat") if "beat" in header else None
    for number, row in enumerate(rows[has_header:], 1 + has_header):
        if len(row) <= max(time_column, beat_column or 0):
            raise ScoreError(f"{name}: line {number} has {len(row)} cells. Give as many as the first line names.")
        beat = None if beat_column is None else row[beat_column].strip()
        if beat is not None and not re.fullmatch(r"[1-9]\d*", beat):
            raise ScoreError(
                f"{name}: line {number} has the beat {beat!r}. Give a whole number, 1 for the downbeat."
            )
        yield _time(row[time_column], number, name), None if beat is None else beat == "1"


def _time(cell: str, number: int, name: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise ScoreError(f"{name}: line {number} begins with {cell!r}. Give a time in seconds.") from None
