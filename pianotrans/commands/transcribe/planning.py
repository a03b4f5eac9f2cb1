"""Plan which file each recording is written to, before any work is done."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pianotrans.batch import Item, Outcome, below, name_outputs
from pianotrans.commands.transcribe.piped import check_piped, is_piped, title_of
from pianotrans.errors import AudioError, OutputError, PianotransError, UsageError
from pianotrans.workers.formats import DEFAULT_FORMAT, FORMATS, SOUNDING, format_of, parse_formats, suffix_of
from pianotrans.workers.storage import (
    Address,
    exists,
    find_recordings,
    is_folder,
    is_same_file,
    parse_address,
    place_below,
)

STDOUT = Path("-")
"""Stands for standard output among the outputs of an item."""

_Planned: TypeAlias = tuple[Item | PianotransError, Address]  # the source, or what cannot be read


@dataclass(frozen=True)
class Plan:
    """The recordings to transcribe, in the given order, and the formats to write.

    `collection` is the output folder if the recordings are a collection, which has a ledger: recordings from a
    folder or a remote store, written below a folder.
    """

    recordings: tuple[Item | PianotransError, ...]  # an error stands for an input that cannot be tried
    formats: tuple[str, ...]
    collection: Address | None = None
    refused: tuple[Outcome, ...] = ()  # these errors, for the report

    @property
    def items(self) -> list[Item]:
        """The recordings alone."""
        return [item for item in self.recordings if isinstance(item, Item)]


def make_plan(
    inputs: Sequence[str], output: str | None, formats: Sequence[str], *, with_sounding: bool = False
) -> Plan:
    """A plan for the given inputs (paths or URLs of recordings and folders), `--output` and `--format`.

    `with_sounding` adds MIDI with notes as long as they sound, beside the MIDI file.
    Raises UsageError if they do not fit together, StorageError for a URL that cannot be opened.
    """
    sources = [parse_address(given) for given in inputs]
    out = None if output is None else parse_address(output)
    names = parse_formats(list(formats))
    alone = len(sources) == 1 and not is_folder(sources[0])
    folder = _folder_to_write(out, output or "", alone=alone)
    for source in filter(is_piped, sources):
        check_piped(source, alone=alone)
        _check_named(source, out, folder)
    if not all(isinstance(address, Path) for address in (*sources, out or STDOUT)):
        _check_remote(out, folder)
    if out == STDOUT:
        _check_stdout(names, alone=alone)
    elif out is not None and folder is None:
        names = _formats_of_one_file(out, names, alone=alone)
    names = names or (DEFAULT_FORMAT,)
    if with_sounding:
        names = _with_sounding(names, out)
    found = {source: base for given in sources for source, base in _recordings(given)}
    planned: list[_Planned] = [
        (source, base) if isinstance(source, AudioError) else (_item(source, base, out, folder, names), source)
        for source, base in found.items()
    ]
    collection = _collection_folder(found, sources, folder)
    if out is None or folder is not None:
        planned = _without_twins(planned) if len(sources) > 1 else planned
        if collection is None:  # the ledger of a collection knows earlier names
            named = iter(name_outputs([what for what, _ in planned if isinstance(what, Item)]))
            planned = [(next(named) if isinstance(what, Item) else what, where) for what, where in planned]
    elif out != STDOUT:
        _check_not_source(out, found)
    return Plan(
        tuple(what for what, _ in planned),
        names,
        collection,
        tuple(Outcome.refusal(where, what) for what, where in planned if isinstance(what, PianotransError)),
    )


def _recordings(given: Address) -> Iterator[tuple[Address | AudioError, Address]]:
    """The recordings of an input, each with the folder that its path is relative to; errors with their place."""
    refused: list[tuple[AudioError, Path]] = []
    try:
        if not is_folder(given):
            yield given, given.parent
            return
        recordings = find_recordings(given, lambda error, folder: refused.append((error, folder)))
    except AudioError as error:
        yield error, given
        return
    if not recordings and not refused:
        yield AudioError(f"{given}: no recordings in this folder. Name a folder with audio files."), given
    yield from refused
    for path in recordings:
        yield path, given


def _without_twins(planned: list[_Planned]) -> list[_Planned]:
    """Errors in place of recordings of the same name from two folders, whose outputs nothing would keep apart."""
    first: dict[tuple[str, Address], Address] = {}
    checked: list[_Planned] = []
    for what, where in planned:
        if isinstance(what, Item):
            path = next(iter(what.outputs.values()))
            other = first.setdefault((where.name, path), where)
            if other != where:
                what = OutputError(
                    f"{where}: would be written to {path}, as {other} is. Rename one, or use two output folders."
                )
        checked.append((what, where))
    return checked


def _check_not_source(out: Address, found: Iterable[Address | AudioError]) -> None:
    """Raise UsageError if `--output` names the recording itself."""
    for source in found:
        if isinstance(source, Path) and isinstance(out, Path) and is_same_file(source, out):
            raise UsageError(f"{out}: is the recording itself. Name another file.", "output")


def _item(
    source: Address, base: Address, out: Address | None, folder: Address | None, formats: tuple[str, ...]
) -> Item:
    place = place_below(base, source)
    outputs: dict[str, Address]
    if out is None:
        outputs = {name: source.with_suffix(suffix_of(name)) for name in formats}
    elif folder is None:
        outputs = {formats[0]: out}
        if SOUNDING in formats[1:]:
            outputs[SOUNDING] = out.with_suffix(suffix_of(SOUNDING))
    else:
        outputs = {name: below(folder, place, name) for name in formats}
    return Item.of(place, source, outputs)


def _folder_to_write(out: Address | None, given: str, *, alone: bool) -> Address | None:
    """The output if it is a folder: one that is there, or a new one where nothing else can be meant.

    Raises UsageError for a new one in a folder that is missing.
    """
    if out is None or out == STDOUT:
        return None
    if not isinstance(out, Path) or is_folder(out):
        return out
    ends_as_folder = given.endswith(tuple(filter(None, (os.sep, os.altsep))))
    is_clear = ends_as_folder or (not alone and format_of(out.suffix) is None)
    if not is_clear or exists(out):
        return None
    if not is_folder(out.parent):
        raise UsageError(f"{out}: the folder {out.parent} does not exist. Create it first.", "output")
    return out


def _collection_folder(
    found: dict[Address | AudioError, Address], sources: list[Address], folder: Address | None
) -> Address | None:
    of_many = any(
        base in sources or not isinstance(source, Path)
        for source, base in found.items()
        if not isinstance(source, AudioError)
    )
    return folder if of_many or not isinstance(folder, Path) else None


def _check_named(source: Address, out: Address | None, folder: Address | None) -> None:
    """Raise UsageError unless the output of a piped recording is a file or standard output."""
    if out is None:
        raise UsageError(f"{title_of(source)} has no place of its own for results. Name a file with -o.", "output")
    if folder is not None:
        raise UsageError(f"{folder}: a folder, but {title_of(source)} has no name. Name a file in it.", "output")


def _check_remote(out: Address | None, folder: Address | None) -> None:
    """Raise UsageError unless `--output` names a folder, where an input or the output is at a URL."""
    if out is None or out == STDOUT:
        raise UsageError("name an output folder for recordings at a URL.", "output")
    if folder is None:
        raise UsageError(f"{out}: no such folder. Create it first.", "output")
    if format_of(out.suffix):
        raise UsageError(f"{out}: with URLs the output must be a folder, not a file.", "output")


def _formats_of_one_file(target: Path | Address, formats: tuple[str, ...], *, alone: bool) -> tuple[str, ...]:
    """The format of a single output file, by its suffix; `--format` must not contradict it."""
    if not alone:
        raise UsageError(f"{target}: a single file for several inputs. Name a folder.", "output")
    implied = format_of(target.suffix)
    if implied is None:
        suffixes = ", ".join(suffix_of(name) for name in FORMATS)
        raise UsageError(f"{target}: neither an existing folder nor a file name with {suffixes}.", "output")
    if len(formats) > 1:
        raise UsageError(f"{target}: one file, but --format asks for {len(formats)}. Name a folder.", "output")
    if formats and formats[0] != implied:
        raise UsageError(f"{target}: contradicts --format {formats[0]}.", "output")
    if not is_folder(target.parent):
        raise UsageError(f"{target}: the folder {target.parent} does not exist.", "output")
    return (implied,)


def _with_sounding(names: tuple[str, ...], out: Address | None) -> tuple[str, ...]:
    if out == STDOUT:
        raise UsageError("standard output takes one format. Name a file.", "durations", "output")
    if DEFAULT_FORMAT not in names:
        raise UsageError(f"both are MIDI. Add {DEFAULT_FORMAT} to the formats.", "durations", "format")
    return tuple(dict.fromkeys([*names, SOUNDING]))


def _check_stdout(formats: tuple[str, ...], *, alone: bool) -> None:
    if not alone or len(formats) > 1:
        raise UsageError("standard output takes one input and one format.", "output")
    if sys.stdout is None:
        raise UsageError("standard output is closed. Redirect it to a file or a pipe.", "output")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal. Redirect it to a file or a pipe.", "output")
