"""MAESTRO v1.0.0, v2.0.0 and v3.0.0: an index in the root, recordings and MIDI in folders of years.

Hawthorne et al., "Enabling Factorized Piano Music Modeling and Generation with the MAESTRO Dataset", ICLR 2019.
"""

import json
from pathlib import Path
from typing import Any

from pianotrans.datasets.index import list_records
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.naming import excerpt
from pianotrans.datasets.tables import Record, check_columns, read_csv, read_text
from pianotrans.errors import DatasetError

_COLUMNS = ("split", "year", "midi_filename", "audio_filename", "duration")


def list_maestro(root: Path) -> DatasetListing:
    """The pairs that the index names, each with its split, its year as group, and its stated duration.

    Raises DatasetError where there is no index, or more than one, or it cannot be read.
    """
    path = _index(root)
    records = read_csv(path) if path.suffix == ".csv" else _read_json(path)
    check_columns(path, records, *_COLUMNS)
    return list_records("maestro", root, records, "audio_filename", "midi_filename")


def find_indexes(root: Path) -> list[Path]:
    """The files that may be the index of MAESTRO: csv, or json where there is no csv."""
    return sorted(root.glob("maestro*.csv")) or sorted(root.glob("maestro*.json"))


def _index(root: Path) -> Path:
    found = find_indexes(root)
    if not found:
        raise DatasetError(
            f"{excerpt(root)}: holds no index of MAESTRO (maestro-v3.0.0.csv or .json). Give the folder that does."
        )
    if len(found) > 1:
        names = " and ".join(excerpt(path.name) for path in found)
        raise DatasetError(f"{excerpt(root)}: holds {names}. Keep the index of the version that is there.")
    return found[0]


def _read_json(path: Path) -> list[Record]:
    """The records of a json index: a list of records (v1, v2), or a table by column and row (v3)."""
    try:
        data = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{excerpt(path)}: is not JSON ({error}). Copy it again.") from error
    rows = _transposed(path, data) if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DatasetError(
            f"{excerpt(path)}: is neither a list of records (v1, v2) nor a table of columns (v3). Copy it again."
        )
    return [_record(f"{excerpt(path)}, record {number}", row) for number, row in enumerate(rows)]


def _transposed(path: Path, columns: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of {column: {row: cell}}; None for what is no such table."""
    if not columns or not all(isinstance(column, dict) for column in columns.values()):
        return None
    rows = list(next(iter(columns.values())))
    for name, column in columns.items():
        if column.keys() != set(rows):
            raise DatasetError(
                f"{excerpt(path)}: the column {excerpt(name)} has {len(column)} rows that are not the {len(rows)} "
                "of the first column. Copy it again."
            )
    return [{name: column[row] for name, column in columns.items()} for row in rows]


def _record(where: str, row: dict[str, Any]) -> Record:
    for column, cell in row.items():
        if not isinstance(cell, str | int | float | None):
            raise DatasetError(f"{where}: {excerpt(column)} is neither text nor a number. Copy the index again.")
    return Record(where, {column: "" if cell is None else str(cell).strip() for column, cell in row.items()})
