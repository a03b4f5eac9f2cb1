"""A whole collection in one call: the ledger opened, everything brought to its end, the report written."""

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
    """An output folder, and where its ledger is kept if that is not in it.

    Raises UsageError for another place of the ledger unless the folder is in a remote store.
    """

    output: Address
    keep_ledger_in: Path | None = None

    def __post_init__(self) -> None:
        if self.keep_ledger_in is not None and isinstance(self.output, Path):
            raise UsageError(f"only for outputs at a URL; the ledger of {self.output} is kept in it.", "ledger")

    @property
    def is_remote(self) -> bool:
        """Whether the output folder is at a URL."""
        return not isinstance(self.output, Path)

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return ledger_path(self.output, self.keep_ledger_in)


@dataclass(frozen=True)
class CollectionResult:
    """What became of every recording, and where the report of the output folder is."""

    outcomes: tuple[Outcome, ...]
    report: Address

    @property
    def n_failed(self) -> int:
        """How many recordings have no outputs."""
        return sum(not outcome.is_good for outcome in self.outcomes)


def transcribe_items(
    items: Iterable[Item],
    to: Destination,
    recipe: Recipe,
    options: Options | None = None,
    watcher: RunWatcher | None = None,
    make_pool: PoolMaker = Pool,
) -> CollectionResult:
    """Bring every item to an end, whether now, in an earlier run or in another one at the same time.

    Raises what `Run.go` raises, and OutputError if the report cannot be written.
    """
    with Ledger(to.output, keep_in=to.keep_ledger_in) as ledger:
        outcomes = Run(items, recipe, ledger, options, watcher, make_pool).go()
        return CollectionResult(tuple(outcomes), write_report(ledger, outcomes))


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
    """Transcribe every recording in a folder and below into an output folder of the same structure.

    After an interruption the same call continues: what is done stays done until the recording, the model or the
    settings change. A recording that fails does not stop the others. Workers are processes that import the main
    module, so a script calls this under `if __name__ == "__main__":`.

    Args:
        recordings: a folder, or its URL.
        output: a folder, made if it is missing, or its URL.
        formats: as `--format` names them.
        overwrite: replace files that another program wrote.
        retry_failed: try recordings again that failed in an earlier run.
        n_jobs: number of processes, which share the cores.
        watcher: is told about progress.
        make_pool: makes the workers; by default processes on this machine.
        settings: further fields of `workers.recipe.Recipe`, such as model, device, precision, hop_s, cleaning.

    Raises what `Run.go` raises, UsageError for an unknown format, AudioError if the folder cannot be read.
    """
    source, target = parse_address(str(recordings)), parse_address(str(output))
    recipe = Recipe(formats=parse_formats(list(formats)), **settings)
    items = [
        Item.of(place, address, {name: below(target, place, name) for name in recipe.formats})
        for address in find_recordings(source)
        for place in [place_below(source, address)]
    ]
    if isinstance(target, Path):
        make_folder(target)
    options = Options(overwrite=overwrite, retry_failed=retry_failed, n_jobs=n_jobs)
    return transcribe_items(items, Destination(target), recipe, options, watcher, make_pool)


def below(folder: Address, place: PurePath, format_name: str) -> Address:
    """Where the result of a recording goes: at its place below the output folder, with the format's suffix."""
    return folder / place.with_suffix(suffix_of(format_name)).as_posix()
