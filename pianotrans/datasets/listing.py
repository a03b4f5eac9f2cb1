"""What a data set holds: pairs of a recording and its MIDI, and files without a partner."""

from dataclasses import dataclass
from pathlib import Path

from pianotrans.datasets.naming import excerpt, quoted
from pianotrans.errors import DatasetError
from pianotrans.names import folded


@dataclass(frozen=True, slots=True)
class Pair:
    """A recording and what was played in it.

    `name` is unique in its listing: the path of the audio below the root, without suffix, unless an index
    names it otherwise. `midi` is a MIDI file or a text file of MAPS; `load_reference` reads both. `split`,
    `group` (the piano, the year or the composer) and `duration_s` are as the data set states them, else None.
    """

    name: str
    audio: Path
    midi: Path
    split: str | None = None
    group: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A recording without MIDI, MIDI without a recording, or a record of an index whose files are missing.

    `str()` is one line that says what is missing.
    """

    name: str
    problem: str
    split: str | None = None
    group: str | None = None

    def __str__(self) -> str:
        return f"{excerpt(self.name)}: {self.problem}"


@dataclass(frozen=True, slots=True)
class DatasetListing:
    """The pairs of the data set at `root`, in the order of its index, or of their names where it has none.

    Raises DatasetError if two pairs have the same name, or names that differ only in case: some file systems
    would not keep their results apart.
    """

    layout: str
    root: Path
    pairs: tuple[Pair, ...]
    unmatched: tuple[Unmatched, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for pair in self.pairs:
            other = seen.setdefault(folded(pair.name), pair.name)
            if other != pair.name:
                raise DatasetError(
                    f"{excerpt(self.root)}: {quoted(other)} and {quoted(pair.name)} differ only in case. "
                    "Rename one of them."
                )
        if len(seen) < len(self.pairs):
            names = [pair.name for pair in self.pairs]
            twice = next(name for i, name in enumerate(names) if name in names[:i])
            raise DatasetError(
                f"{excerpt(self.root)}: two pairs are named {quoted(twice)}. "
                "Remove one of them, or give each its own name (in the column name of a csv)."
            )

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the data set states, files that are missing included, sorted."""
        stated = [pair.split for pair in self.pairs] + [one.split for one in self.unmatched]
        return tuple(sorted({split for split in stated if split is not None}))
