"""A csv of pairs: the columns audio and midi; split, name, duration, and group, piano or year are optional."""

from pathlib import Path

from pianotrans.datasets.files import is_file
from pianotrans.datasets.index import list_records
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.naming import excerpt
from pianotrans.datasets.tables import check_columns, read_csv
from pianotrans.errors import DatasetError

FILE_NAME = "pairs.csv"


def list_csv(root: Path) -> DatasetListing:
    """The pairs of a csv, or of the `pairs.csv` in a folder; its paths are relative to the folder it lies in.

    Raises DatasetError where there is none, or where it cannot be read.
    """
    path = root if is_file(root) else root / FILE_NAME
    if not is_file(path):
        raise DatasetError(f"{excerpt(root)}: holds no {FILE_NAME}. Give the path of the csv itself.")
    records = read_csv(path)
    check_columns(path, records, "audio", "midi")
    return list_records("csv", path.parent, records, "audio", "midi")


def find_tables(root: Path) -> list[Path]:
    """The csv itself if `root` is one, else the `pairs.csv` in the folder `root`."""
    if is_file(root):
        return [root] if root.suffix.lower() == ".csv" else []
    return list(root.glob(FILE_NAME))
