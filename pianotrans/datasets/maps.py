"""MAPS: <PIANO>/MUS/MAPS_MUS-<piece>_<PIANO>.wav with .mid and .txt of the same stem; nine pianos.

Emiya, Badeau and David, "Multipitch estimation of piano sounds using a new probabilistic spectral smoothness
principle", IEEE TASLP 2010.
"""

from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePath
from typing import TypeVar

from pianotrans.datasets.files import MAPS_TEXT_SUFFIX, walk_files
from pianotrans.datasets.listing import DatasetListing, Pair, Unmatched
from pianotrans.datasets.matching import match_files
from pianotrans.datasets.naming import quoted
from pianotrans.errors import DatasetError

SUBSETS = ("MUS", "ISOL", "RAND", "UCHO")
"""Pieces of music; isolated notes; random chords; usual chords."""

_REAL_PIANOS = {"ENSTDkAm", "ENSTDkCl"}  # a Disklavier, recorded from afar and close by; the others are sampled

_One = TypeVar("_One", Pair, Unmatched)


def list_maps(root: Path, subsets: Collection[str] = ("MUS",)) -> DatasetListing:
    """The pairs in the folders of the `subsets`, however deep; with the piano, the folder above, as group.

    `root` may hold the folders of the pianos, or be one of them. Files elsewhere are ignored. The split is that
    of the literature: the real pianos ENSTDkAm and ENSTDkCl are test, all others train. MIDI is
    preferred to text, which knows no velocities. Raises DatasetError for a subset that MAPS does not have.
    """
    unknown = [subset for subset in subsets if subset not in SUBSETS]
    if unknown:
        raise DatasetError(f"subset {quoted(unknown[0])} is not one of MAPS. Use {', '.join(SUBSETS)}.")
    above = root.absolute().parts[-2:]

    def place(folders: tuple[str, ...]) -> tuple[str, str] | None:
        """(piano, subset) of a file in these folders below the root."""
        parts = (*above, *folders)
        found = [(piano, subset) for piano, subset in pairwise(parts) if subset in SUBSETS]
        return found[-1] if found else None

    def wanted(file: Path) -> bool:
        found = place(file.parts[:-1])
        return found is not None and found[1] in subsets

    def labelled(one: _One) -> _One:
        piano, _ = place(PurePath(one.name).parts[:-1]) or (None, None)
        return replace(one, split="test" if piano in _REAL_PIANOS else "train", group=piano)

    files = filter(wanted, walk_files(root))
    pairs, unmatched = match_files(root, files, other_truths=(MAPS_TEXT_SUFFIX,))
    return DatasetListing(
        "maps",
        root,
        tuple(map(labelled, pairs)),
        tuple(map(labelled, unmatched)),
    )


def find_subsets(root: Path) -> list[Path]:
    """The folders named after a subset, where `root` holds the pianos, is a piano or is such a folder."""
    if root.absolute().name in SUBSETS:
        return [root]
    return [path for name in SUBSETS for path in (*root.glob(f"*/{name}/"), *root.glob(f"{name}/"))]
