"""A csv of pairs: the columns audio and midi, and if wanted split, name, duration, and group, piano or year."""

from pathlib import Path

from pianotrans.datasets.files import check_folder, is_file
from pianotrans.datasets.index import list_records
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.naming import shown
from pianotrans.datasets.tables import check_columns, read_csv
from pianotrans.errors import DatasetError

FILE_NAME = "pairs.csv"


def list_csv(root: Path) -> DatasetListing:
    """The pairs of a csv, or of the `pairs.csv` in a folder; paths in it are relative to where it lies.

    Raises DatasetError where there is none, or where it cannot be read.
    """
    path = root
    if not is_file(root):
        check_folder(root)
        path = root / FILE_NAME
        if not is_file(path):
            raise DatasetError(f"{shown(root)}: holds no {FILE_NAME}. Give the path of the csv itself.")
    records = read_csv(path)
    check_columns(path, records, "audio", "midi")
    return list_records("csv", path.parent, records, "audio", "midi")
