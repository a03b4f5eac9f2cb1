"""A csv of pairs: the columns audio and midi, and if wanted split, name, duration, and group, piano or year."""

from pathlib import Path

from pianotrans.errors import DatasetError
from pianotrans.evaluation.datasets.files import check_folder, is_file
from pianotrans.evaluation.datasets.index import list_records
from pianotrans.evaluation.datasets.listing import DatasetListing
from pianotrans.evaluation.datasets.naming import shown
from pianotrans.evaluation.datasets.tables import check_columns, read_csv

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
