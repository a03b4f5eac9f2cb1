"""Data sets of annotated performances: which of them a folder holds."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pianotrans.errors import DatasetError
from pianotrans.names import shown

INDEXES = {"asap": "performances.csv", "piano-midi-de": "pieces.npz"}
"""The file by which each data set is recognised."""


@dataclass(frozen=True)
class AnnotatedData:
    """Folders of data sets by their names, and the SHA-256 of the files that list what they hold."""

    roots: dict[str, Path]
    sha256: str

    @classmethod
    def find(cls, folders: Iterable[Path], needed: Iterable[str]) -> Self:
        """Recognise folders; these data sets are needed, in this order.

        Raises DatasetError for a folder that holds none, and for one that is missing, not needed or given twice.
        """
        needed, found = tuple(needed), [(_recognise(folder), folder) for folder in folders]
        names = [name for name, _ in found]
        if sorted(names) != sorted(needed):
            raise DatasetError(
                f"data: {', '.join(names)} given; exactly {', '.join(needed)} needed. Give a folder of each."
            )
        roots = {name: dict(found)[name] for name in needed}
        digest = hashlib.sha256()
        for name, root in roots.items():
            digest.update((root / INDEXES[name]).read_bytes())
        return cls(roots, digest.hexdigest())


def _recognise(folder: Path) -> str:
    for name, index in INDEXES.items():
        if (folder / index).is_file():
            return name
    looked_for = ", ".join(f"{index} ({name})" for name, index in INDEXES.items())
    raise DatasetError(f"{shown(folder)}: no data set of annotated performances; none of {looked_for} lies in it.")
