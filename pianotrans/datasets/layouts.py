"""The layouts of data sets that are known, and which of them a folder has."""

import os
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path

from pianotrans.datasets.files import check_folder, is_file
from pianotrans.datasets.folders import list_folder, list_smd
from pianotrans.datasets.listing import DatasetListing
from pianotrans.datasets.maestro import find_indexes, list_maestro
from pianotrans.datasets.maps import SUBSETS, list_maps
from pianotrans.datasets.naming import quoted, shown
from pianotrans.datasets.pairs_csv import FILE_NAME, list_csv
from pianotrans.datasets.selection import select_split
from pianotrans.errors import DatasetError


class Layout(StrEnum):
    """How the files of a data set lie."""

    maestro = "maestro"
    maps = "maps"
    smd = "smd"
    folder = "folder"
    csv = "csv"


_LISTERS: dict[Layout, Callable[[Path], DatasetListing]] = {
    Layout.maestro: list_maestro,
    Layout.maps: list_maps,
    Layout.smd: list_smd,
    Layout.folder: list_folder,
    Layout.csv: list_csv,
}

_HINTS = {
    Layout.maps: "Music lies in <PIANO>/MUS.",
    Layout.folder: "Give both the same stem in the same folder, or take the layout smd for sibling folders.",
    Layout.smd: "Give both the same stem.",
}


def find_pairs(
    layout: str | None,
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    maps_subsets: Collection[str] | None = None,
) -> DatasetListing:
    """The pairs of the data set at `root`, of one split if wanted. No file but the index is opened.

    Args:
        layout: One of `Layout`; None to look which it is.
        root: The folder of the data set, or a csv of pairs.
        split: Which split to take; None for all.
        maps_subsets: For the layout maps alone: which of MUS, ISOL, RAND and UCHO to take. None is MUS.

    Raises:
        DatasetError: The layout is unknown or unclear, `root` is not of it or holds no pairs, its index cannot
            be read or leads out of `root`, names are not unique, or the split does not exist.
    """
    root = Path(root)
    chosen = detect_layout(root) if layout is None else _named(layout)
    if chosen is not Layout.csv:
        check_folder(root)
    if maps_subsets is not None and chosen is not Layout.maps:
        raise DatasetError(f"the layout {chosen} has no subsets. Leave them out, or take the layout maps.")
    listing = _LISTERS[chosen](root) if maps_subsets is None else list_maps(root, maps_subsets)
    if not listing.pairs:
        raise DatasetError(_emptiness(listing))
    return listing if split is None else select_split(listing, split)


def detect_layout(root: str | os.PathLike[str]) -> Layout:
    """Which layout a folder has (a csv has csv), by its index, its folders or its names; folder if by none.

    Raises DatasetError where it looks like several, and where there is no such folder or it is empty.
    """
    root = Path(root)
    if is_file(root) and root.suffix.lower() == ".csv":
        return Layout.csv
    check_folder(root)
    clues = {
        Layout.maestro: find_indexes(root),
        Layout.csv: list(root.glob(FILE_NAME)),
        Layout.maps: _find_subsets(root),
        Layout.smd: [*root.glob("*-SMD.mid"), *root.glob("*/*-SMD.mid")],
    }
    found = {layout: paths[0].relative_to(root) for layout, paths in clues.items() if paths}
    if len(found) > 1:
        seen = " and ".join(f"{layout} ({shown(path.as_posix())})" for layout, path in found.items())
        raise DatasetError(f"{shown(root)}: looks like the layouts {seen}. Say which to take, with --layout.")
    return next(iter(found), Layout.folder)


def _find_subsets(root: Path) -> list[Path]:
    """The folders of MAPS by which it is known, where `root` holds its pianos, or is a piano or such a folder."""
    if root.absolute().name in SUBSETS:
        return [root]
    return [path for name in SUBSETS for path in (*root.glob(f"*/{name}/"), *root.glob(f"{name}/"))]


def _named(layout: str) -> Layout:
    try:
        return Layout(layout)
    except ValueError:
        raise DatasetError(f"layout {quoted(layout)} is unknown. Use one of {', '.join(Layout)}.") from None


def _emptiness(listing: DatasetListing) -> str:
    n_unmatched = len(listing.unmatched)
    alone = f" ({n_unmatched} without a partner, such as {listing.unmatched[0]})" if n_unmatched else ""
    hint = _HINTS.get(Layout(listing.layout), "Complete the data set.")
    return f"{shown(listing.root)}: no pairs of audio and MIDI in the layout {listing.layout}{alone}. {hint}"
