"""All that a transcription model learns from: one prepared index, or several."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pianotrans.errors import DatasetError, TrainingError
from pianotrans.events import Durations
from pianotrans.training.data.index import FILE_NAME, Index, Recording, read_index


@dataclass(frozen=True)
class Material:
    """The recordings of several indexes as those of one; `digest` tells whether any of them has changed."""

    indexes: tuple[Index, ...]
    digest: str

    @classmethod
    def read(cls, folders: Sequence[Path]) -> "Material":
        """Read the indexes of folders that `pianotrans prepare` wrote.

        Raises TrainingError if their notes do not last alike, and what `read_index` raises.
        """
        indexes = tuple(read_index(folder) for folder in folders)
        durations = sorted({str(index.durations) for index in indexes})
        if len(durations) > 1:
            raise TrainingError(
                f"--data: notes last {' and '.join(durations)} in them. Prepare all with the same --durations."
            )
        files = [folder / FILE_NAME if folder.is_dir() else folder for folder in folders]
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        joined = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
        return cls(indexes, joined)

    @property
    def layout(self) -> str:
        """The layouts of the data sets, each once."""
        return " + ".join(dict.fromkeys(index.layout for index in self.indexes))

    @property
    def durations(self) -> Durations:
        """What ends a note."""
        return self.indexes[0].durations

    def of_split(self, split: str) -> tuple[Recording, ...]:
        """The recordings of one split, index by index. Raises DatasetError where none of them has any."""
        found: list[Recording] = []
        for index in self.indexes:
            if len(self.indexes) == 1 or any(one.split == split for one in index.recordings):
                found += index.of_split(split)
        if not found:
            raise DatasetError(f"--data: no recordings of split {split!r} in {len(self.indexes)} indexes.")
        return tuple(found)
