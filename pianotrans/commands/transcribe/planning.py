"""Which file each recording is written to, settled before any work is done."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pianotrans.batch import Item, below
from pianotrans.errors import AudioError, UsageError
from pianotrans.workers.formats import DEFAULT_FORMAT, FORMATS, format_of, parse_formats, suffix_of
from pianotrans.workers.storage import Address, find_recordings, is_folder, parse_address, place_below

STDOUT = Path("-")
"""Stands for standard output among the outputs of an item."""


@dataclass(frozen=True)
class Plan:
    """What is to be transcribed, in the order given, and in which formats.

    `collection` is the output folder if the recordings are a collection, which has a ledger: recordings of a folder
    or in a remote store, written below a folder.
    """

    recordings: tuple[Item | AudioError, ...]  # an error stands for an input without recordings
    formats: tuple[str, ...]
    collection: Address | None = None

    @property
    def items(self) -> list[Item]:
        """The recordings alone."""
        return [item for item in self.recordings if isinstance(item, Item)]


def make_plan(inputs: Sequence[str], output: str | None, formats: Sequence[str]) -> Plan:
    """A plan for inputs (paths or URLs of recordings and folders), `--output` and `--format` as they were given.

    Raises UsageError where they do not go together, StorageError for a URL that cannot be opened.
    """
    sources = [parse_address(given) for given in inputs]
    out = None if output is None else parse_address(output)
    names = parse_formats(list(formats))
    if not all(isinstance(address, Path) for address in (*sources, out or STDOUT)):
        _check_remote(out)
    alone = len(sources) == 1 and not is_folder(sources[0])
    if out == STDOUT:
        _check_stdout(names, alone=alone)
    elif out is not None and not _is_folder_to_write(out):
        names = _formats_of_one_file(out, names, alone=alone)
    names = names or (DEFAULT_FORMAT,)
    found = {source: base for given in sources for source, base in _recordings(given)}
    recordings = tuple(
        source if isinstance(source, AudioError) else _item(source, base, out, names)
        for source, base in found.items()
    )
    plan = Plan(recordings, names, _collection_folder(found, sources, out))
    _check_collisions(plan.items)
    return plan


def _recordings(given: Address) -> Iterator[tuple[Address | AudioError, Address]]:
    """The recordings that an input stands for, each with the folder that its place is relative to."""
    try:
        if not is_folder(given):
            yield given, given.parent
            return
        recordings = find_recordings(given)
    except AudioError as error:
        yield error, given
        return
    if not recordings:
        yield AudioError(f"{given}: no recordings in this folder. Name one that holds audio files."), given
    for path in recordings:
        yield path, given


def _item(source: Address, base: Address, out: Address | None, formats: tuple[str, ...]) -> Item:
    place = place_below(base, source)
    outputs: dict[str, Address]
    if out is None:
        outputs = {name: source.with_suffix(suffix_of(name)) for name in formats}
    elif out == STDOUT or not _is_folder_to_write(out):
        outputs = {formats[0]: out}
    else:
        outputs = {name: below(out, place, name) for name in formats}
    return Item.of(place, source, outputs)


def _is_folder_to_write(out: Address) -> bool:
    return not isinstance(out, Path) or is_folder(out)


def _collection_folder(
    found: dict[Address | AudioError, Address], sources: list[Address], out: Address | None
) -> Address | None:
    if out is None or out == STDOUT:
        return None
    of_many = any(
        base in sources or not isinstance(source, Path)
        for source, base in found.items()
        if not isinstance(source, AudioError)
    )
    return out if not isinstance(out, Path) or (of_many and is_folder(out)) else None


def _check_remote(out: Address | None) -> None:
    """Raise UsageError unless `--output` names a folder, where an input or the output is at a URL."""
    if out is None or out == STDOUT:
        raise UsageError("recordings at a URL need a folder to be written to.", "output")
    if isinstance(out, Path) and not is_folder(out):
        raise UsageError(f"{out}: no such folder. Create it first.", "output")
    if format_of(out.suffix):
        raise UsageError(f"{out}: with URLs the output must be a folder, not a file.", "output")


def _formats_of_one_file(target: Path | Address, formats: tuple[str, ...], *, alone: bool) -> tuple[str, ...]:
    """The format of the one file that `--output` names: its suffix tells, and `--format` must not contradict it."""
    if not alone:
        raise UsageError(f"{target}: no such folder. For several inputs, create it first.", "output")
    implied = format_of(target.suffix)
    if implied is None:
        suffixes = ", ".join(suffix_of(name) for name in FORMATS)
        raise UsageError(f"{target}: neither a folder that exists nor a name in {suffixes}.", "output")
    if len(formats) > 1:
        raise UsageError(f"{target}: one file, but --format asks for {len(formats)}. Name a folder.", "output")
    if formats and formats[0] != implied:
        raise UsageError(f"{target}: contradicts --format {formats[0]}.", "output")
    if not is_folder(target.parent):
        raise UsageError(f"{target}: the folder {target.parent} does not exist.", "output")
    return (implied,)


def _check_stdout(formats: tuple[str, ...], *, alone: bool) -> None:
    if not alone or len(formats) > 1:
        raise UsageError("standard output takes one input and one format.", "output")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal. Redirect it to a file or a pipe.", "output")


def _check_collisions(items: list[Item]) -> None:
    owners: dict[Address, Address] = {}
    for item in items:
        for path in item.outputs.values():
            other = owners.setdefault(path, item.source)
            if other != item.source:
                raise UsageError(f"{other} and {item.source} would both be written to {path}.")
