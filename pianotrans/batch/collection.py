"""Transcribe a whole collection in one call: open the ledger, do the work, write the report."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pianotrans.batch.item import Item, Outcome
from pianotrans.batch.ledger import Ledger, ledger_path
from pianotrans.batch.report import write_report
from pianotrans.batch.run import Options, Run, RunWatcher
from pianotrans.errors import UsageError
from pianotrans.files import make_folder
from pianotrans.workers.formats import DEFAULT_FORMAT, parse_formats, suffix_of
from pianotrans.workers.pool import Pool, PoolMaker
from pianotrans.workers.recipe import Recipe
from pianotrans.workers.storage import Address, find_recordings, parse_address, place_below


@dataclass(frozen=True)
class Destination:
    """An output folder, and the folder for its ledger if the output is in a remote store.

    Raises UsageError if `keep_ledger_in` is given for an output folder on this machine, which holds its own ledger.
    """

    output: Address
    keep_ledger_in: Path | None = None

    def __post_init__(self) -> None:
        if self.keep_ledger_in is not None and isinstance(self.output, Path):
            raise UsageError(f"works only for an output at a URL; {self.output} holds its own ledger.", "ledger")

    @property
    def is_remote(self) -> bool:
        """Whether the output folder is at a URL."""
        return not isinstance(self.output, Path)

    @property
    def ledger_path(self) -> Path:
        """The path of the ledger's file."""
        return ledger_path(self.output, self.keep_ledger_in)


@dataclass(frozen=True)
class CollectionResult:
    """The outcome of every recording, and the address of the report."""

    outcomes: tuple[Outcome, ...]
    report: Address

    @property
    def n_failed(self) -> int:
        """Number of recordings that failed or were refused."""
        return sum(not outcome.is_good for outcome in self.outcomes)


def transcribe_items(
    items: Iterable[Item],
    to: Destination,
    recipe: Recipe,
    options: Options | None = None,
    watcher: RunWatcher | None = None,
    make_pool: PoolMaker = Pool,
    refused: Iterable[Outcome] = (),
) -> CollectionResult:
    """Transcribe every item that is not done yet, and wait for those that another run is working on.

    `refused` is what cannot be done for reasons known before; it becomes a part of the result and the report.

    Raises the errors of `Run.go`, and OutputError if the report cannot be written.
    """
    with Ledger(to.output, keep_in=to.keep_ledger_in) as ledger:
        outcomes = (*Run(items, recipe, ledger, options, watcher, make_pool).go(), *refused)
        return CollectionResult(outcomes, write_report(ledger, outcomes))


def transcribe_folder(
    recordings: str | Path,
    output: str | Path,
    *,
    formats: tuple[str, ...] = (DEFAULT_FORMAT,),
    overwrite: bool = False,
    retry_failed: bool = False,
    n_jobs: int = 1,
    watcher: RunWatcher | None = None,
    make_pool: PoolMaker = Pool,
    **settings: Any,
) -> CollectionResult:
    """Transcribe all recordings in a folder and its subfolders into an output folder of the same structure.

    After an interruption the same call continues: a finished recording stays done until the recording, the model or
    the settings change. A recording that fails does not stop the others. Workers are processes that import the main
    module, so a script must call this under `if __name__ == "__main__":`.

    Args:
        recordings: the folder of the recordings, or its URL.
        output: the output folder, created if it is missing, or its URL.
        formats: names of output formats, as for `--format`.
        overwrite: replace files that another program wrote.
        retry_failed: retry recordings that failed in an earlier run.
        n_jobs: number of processes, which share the cores.
        watcher: receives news of the run.
        make_pool: makes the workers; by default processes on this machine.
        settings: further fields of `workers.recipe.Recipe`, such as model, device, precision, hop_s, cleaning.

    Raises the errors of `transcribe_items`, UsageError for an unknown format, AudioError if the folder cannot be
    read; folders below that cannot be read are refused in the result.
    """
    source, target = parse_address(str(recordings)), parse_address(str(output))
    recipe = Recipe(formats=parse_formats(list(formats)), **settings)
    refused: list[Outcome] = []
    items = [
        Item.of(place, address, {name: below(target, place, name) for name in recipe.formats})
        for address in find_recordings(source, lambda error, folder: refused.append(Outcome.refusal(folder, error)))
        for place in [place_below(source, address)]
    ]
    if isinstance(target, Path):
        make_folder(target)
    options = Options(overwrite=overwrite, retry_failed=retry_failed, n_jobs=n_jobs)
    return transcribe_items(items, Destination(target), recipe, options, watcher, make_pool, refused)


def below(folder: Address, place: PurePath, format_name: str) -> Address:
    """The address of a result: the recording's path below the output folder, with the format's suffix."""
    place = place.with_suffix(suffix_of(format_name))
    return folder / (place if isinstance(folder, Path) else place.as_posix())
