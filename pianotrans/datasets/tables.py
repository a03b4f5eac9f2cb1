"""Text files and tables of a data set, read strictly: errors name the line."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pianotrans.datasets.naming import excerpt, quoted
from pianotrans.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Record:
    """One row of an index: `where` it stands, for messages, and its cells by column, without outer blanks."""

    where: str
    cells: Mapping[str, str]

    def get(self, column: str) -> str | None:
        """The cell of a column; None where the column is missing or the cell is empty."""
        return self.cells.get(column) or None

    def need(self, column: str) -> str:
        """The cell of a column. Raises DatasetError where it is missing or empty."""
        cell = self.get(column)
        if cell is None:
            raise DatasetError(f"{self.where}: the cell of {column!r} is empty. Fill it in, or remove the row.")
        return cell


def read_text(path: Path) -> str:
    """A file of UTF-8, with or without a byte order mark. Raises DatasetError if it is not, or cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{excerpt(path)}: cannot be read ({error.strerror}). Check the path.") from error
    if b"\0" in data:
        raise DatasetError(f"{excerpt(path)}: holds NUL bytes, so it is not UTF-8 text. Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DatasetError(
            f"{excerpt(path)}: line {line} is not UTF-8 text (byte 0x{data[error.start]:02x}). Save it as UTF-8."
        ) from error


def read_csv(path: Path) -> list[Record]:
    """The rows of a csv (RFC 4180, comma-separated) whose first line names the columns. Blank lines are skipped.

    Raises DatasetError for a file that is not UTF-8 text, lacks a first line or names a column twice, and for
    rows that have more or fewer cells than there are columns.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    columns: list[str] = []
    records = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            where = f"{excerpt(path)}, line {reader.line_num}"
            if not columns:
                columns = _checked_columns(where, cells)
            elif len(cells) != len(columns):
                raise DatasetError(
                    f"{where}: {len(cells)} cells in place of {len(columns)}. "
                    "Mend the row; put cells that hold commas in double quotes."
                )
            else:
                records.append(Record(where, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise DatasetError(
            f"{excerpt(path)}, line {reader.line_num}: is not csv ({error}). Check the double quotes there."
        ) from error
    if not columns:
        raise DatasetError(f"{excerpt(path)}: holds no table. Its first line must name the columns.")
    return records


def _checked_columns(where: str, columns: list[str]) -> list[str]:
    for i, column in enumerate(columns):
        if column in columns[:i]:
            raise DatasetError(f"{where}: names the column {quoted(column)} twice. Rename or remove one.")
    return columns


def check_columns(path: Path, records: list[Record], *needed: str) -> None:
    """Raise DatasetError unless there are records, all with the columns `needed`."""
    if not records:
        raise DatasetError(f"{excerpt(path)}: names no recordings. Give an index with at least one.")
    for record in records:
        missing = [column for column in needed if column not in record.cells]
        if missing:
            raise DatasetError(
                f"{excerpt(path)}: lacks the columns {', '.join(missing)}. "
                f"It has {', '.join(map(excerpt, record.cells))}. Name the columns in the first line, with commas."
            )
