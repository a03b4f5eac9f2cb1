"""The layouts of data sets that are known, and which of them a folder has.

A new layout is a file that lists its pairs, and a row in `LAYOUTS`.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pianotrans.datasets.files import check_folder, is_file
from pianotrans.datasets.folder import list_folder
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.maestro import find_indexes, list_maestro
from pianotrans.datasets.maps import find_subsets, list_maps
from pianotrans.datasets.naming import excerpt
from pianotrans.datasets.pairs_csv import find_tables, list_csv
from pianotrans.datasets.selection import select_split
from pianotrans.datasets.smd import find_smd_files, list_smd
from pianotrans.errors import DatasetError, UsageError


@dataclass(frozen=True, slots=True)
class DatasetLayout:
    """How the files of a data set lie.

    `list_pairs` makes the listing of a root. `find_clues` finds the files or folders by which this layout is
    recognised, none where it is another. `hint` says what to do where there are no pairs. `reads_file`: the root
    may be a file.
    """

    list_pairs: Callable[[Path], DatasetListing]
    find_clues: Callable[[Path], Sequence[Path]]
    hint: str
    reads_file: bool = False


LAYOUTS = {
    "maestro": DatasetLayout(list_maestro, find_indexes, "Complete the data set."),
    "maps": DatasetLayout(list_maps, find_subsets, "Music lies in <PIANO>/MUS."),
    "smd": DatasetLayout(list_smd, find_smd_files, "Give both the same stem."),
    "folder": DatasetLayout(
        list_folder,
        lambda _: (),  # what no other layout claims
        "Give both the same stem in the same folder, or use the layout smd for sibling folders.",
    ),
    "csv": DatasetLayout(list_csv, find_tables, "Complete the data set.", reads_file=True),
}

_OTHERWISE = "folder"


def find_pairs(layout: str | None, root: str | os.PathLike[str], split: str | None = None) -> DatasetListing:
    """The pairs of the data set at `root`. No file but the index is opened.

    Args:
        layout: A name in `LAYOUTS`; None to detect it.
        root: The folder of the data set, or a csv of pairs.
        split: Which split to take; None for all.

    Raises:
        UsageError: The layout is unknown.
        DatasetError: The layout is unclear, `root` is not of it or holds no pairs, its index cannot be read or
            leads out of `root`, names are not unique, or the split does not exist.
    """
    root = Path(root)
    if layout is None:
        layout = detect_layout(root)
    if layout not in LAYOUTS:
        raise UsageError(f"{layout!r} is unknown. Use one of {', '.join(LAYOUTS)}.", "layout")
    chosen = LAYOUTS[layout]
    if not (chosen.reads_file and is_file(root)):
        check_folder(root)
    listing = chosen.list_pairs(root)
    if not listing.pairs:
        raise DatasetError(_emptiness(listing, chosen.hint))
    return listing if split is None else select_split(listing, split)


def detect_layout(root: str | os.PathLike[str]) -> str:
    """The name of the layout of a folder or csv, by its index, its folders or its names; folder if by none.

    Raises DatasetError where it looks like several, and where there is no such folder or it is empty.
    """
    root = Path(root)
    if not is_file(root):
        check_folder(root)
    clues = {name: layout.find_clues(root) for name, layout in LAYOUTS.items()}
    found = {name: paths[0].relative_to(root) for name, paths in clues.items() if paths}
    if len(found) > 1:
        seen = " and ".join(f"{name} ({excerpt(path.as_posix())})" for name, path in found.items())
        raise DatasetError(f"{excerpt(root)}: looks like the layouts {seen}. Choose one with --layout.")
    return next(iter(found), _OTHERWISE)


def _emptiness(listing: DatasetListing, hint: str) -> str:
    n_unmatched = len(listing.unmatched)
    alone = f" ({n_unmatched} without a partner, such as {listing.unmatched[0]})" if n_unmatched else ""
    return f"{excerpt(listing.root)}: no pairs of audio and MIDI in the layout {listing.layout}{alone}. {hint}"
