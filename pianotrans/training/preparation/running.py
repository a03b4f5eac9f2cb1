"""A whole data set, in one process or several; an interrupted run continues."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pianotrans.datasets import DatasetListing, Pair, file_of
from pianotrans.datasets.naming import excerpt
from pianotrans.errors import DatasetError, OutputError, PianotransError
from pianotrans.files import make_folder
from pianotrans.processes import Death, work_apart
from pianotrans.training.data.index import FILE_NAME, Index, Recording, read_index, write_index
from pianotrans.training.preparation.checking import PreparationSettings, prepare_recording, source_of
from pianotrans.training.preparation.splits import check_splits

PARTS_FOLDER = "parts"
"""Holds every recording as an index of its own until all are done."""


@dataclass(frozen=True)
class PreparationOutcome:
    """Either a recording that can be trained on, or the reason why it cannot."""

    name: str
    split: str | None
    recording: Recording | None = None
    refusal: str | None = None
    was_known: bool = False  # from an earlier run


class Preparation:
    """Makes the index of a data set in the folder `out`; an interrupted run continues."""

    def __init__(
        self, listing: DatasetListing, out: Path, settings: PreparationSettings, *, overwrite: bool = False
    ) -> None:
        """Look at what is there; nothing is written yet.

        Raises DatasetError for splits other than train, validation and test, and OutputError where `out` holds
        the index of another data set, unless that may be overwritten.
        """
        check_splits(listing)
        self.listing = listing
        self.out = out
        self.settings = settings
        self._root = listing.root.absolute()
        self._known = {} if overwrite else self._find_known()

    def run(self, n_jobs: int = 1) -> Iterator[PreparationOutcome]:
        """Bring every recording to its end, in any order, then write the index.

        Raises OutputError if that cannot be written, DatasetError if no recording can be trained on.
        """
        outcomes: dict[str, PreparationOutcome] = {}
        for outcome in self._outcomes(n_jobs):
            outcomes[outcome.name] = outcome
            yield outcome
        in_order = [outcomes[pair.name].recording for pair in self.listing.pairs]
        recordings = tuple(recording for recording in in_order if recording is not None)
        if not recordings:
            raise DatasetError(f"{excerpt(self._root)}: no recording can be trained on. See the reasons above.")
        write_index(self.out / FILE_NAME, self._index(recordings))
        shutil.rmtree(self.out / PARTS_FOLDER, ignore_errors=True)

    def _outcomes(self, n_jobs: int) -> Iterator[PreparationOutcome]:
        for one in self.listing.unmatched:
            yield PreparationOutcome(one.name, one.split, refusal=f"{one.problem}. Complete the data set.")
        todo = []
        for pair in self.listing.pairs:
            known = self._known.get(pair.name)
            if known is not None and self._still_holds(known, pair):
                yield PreparationOutcome(pair.name, pair.split, known, was_known=True)
            else:
                todo.append(pair)
        for pair, result in work_apart(partial(_prepare, out=self.out, settings=self.settings), todo, n_jobs):
            if isinstance(result, Death):
                yield PreparationOutcome(pair.name, pair.split, refusal=str(result.error(str(pair.audio))))
            elif isinstance(result, Recording):
                self._keep(result)
                yield PreparationOutcome(pair.name, pair.split, result)
            else:
                yield PreparationOutcome(pair.name, pair.split, refusal=result)

    def _index(self, recordings: tuple[Recording, ...]) -> Index:
        return Index(self._root, self.listing.layout, self.settings.durations, recordings)

    def _keep(self, recording: Recording) -> None:
        path = self._part(recording.name)
        make_folder(path.parent)
        write_index(path, self._index((recording,)), folder=self.out)

    def _part(self, name: str) -> Path:
        return self.out / PARTS_FOLDER / file_of(name, ".safetensors")

    def _find_known(self) -> dict[str, Recording]:
        """What earlier runs have prepared, by name; the last of them counts."""
        known: dict[str, Recording] = {}
        if (self.out / FILE_NAME).exists():
            index = read_index(self.out)
            if index.root != self._root or index.layout != self.listing.layout:
                raise OutputError(
                    f"{excerpt(self.out)}: holds the index of {excerpt(index.root)}. "
                    "Choose another folder, or pass --overwrite to replace it."
                )
            known |= {one.name: one for one in index.recordings}
        for pair in self.listing.pairs:
            with suppress(DatasetError):  # a part that is missing or damaged is made again
                part = read_index(self._part(pair.name), folder=self.out)
                if part.root == self._root:
                    (known[pair.name],) = part.recordings
        return known

    def _still_holds(self, known: Recording, pair: Pair) -> bool:
        """Whether nothing has changed since: neither the files nor what is wanted."""
        with suppress(PianotransError):
            is_there = not known.is_cached or known.audio.is_file()
            return is_there and known.source == source_of(pair, self.settings)
        return False


def _prepare(pair: Pair, out: Path, settings: PreparationSettings) -> Recording | str:
    """The recording, or why it cannot be trained on. Raises OutputError, as the recording is not at fault."""
    try:
        return prepare_recording(pair, out, settings)
    except OutputError:
        raise
    except PianotransError as error:
        return str(error)
