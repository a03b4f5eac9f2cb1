"""Which file each input is written to, settled before any work is done."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pianotrans.errors import AudioError, OutputError, PianotransError, UsageError
from pianotrans.workers.storage import Address, exists, find_recordings, is_folder, place_below

FORMATS = ("mid", "json", "csv", "html")
STDOUT = Path("-")
_FORMAT_OF_SUFFIX = {".mid": "mid", ".midi": "mid", ".json": "json", ".csv": "csv", ".html": "html"}


@dataclass(frozen=True)
class Job:
    """One recording and where its results go."""

    source: Address
    outputs: dict[str, Address]  # by format; STDOUT stands for standard output
    place: PurePath  # of the source below the folder that was given
    is_of_folder: bool = False  # found by walking a folder, not named itself

    def check_free(self) -> None:
        """Raise OutputError if a result exists already."""
        for path in self.outputs.values():
            if path != STDOUT and exists(path):
                raise OutputError(f"{path}: already exists. Pass --overwrite to replace it.")


def parse_formats(given: Sequence[str]) -> tuple[str, ...]:
    """`--format mid,json --format csv` → ("mid", "json", "csv"), each once."""
    names = [name.strip().lower().removeprefix(".") for text in given for name in text.split(",")]
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"{name!r} is none of {', '.join(FORMATS)}.", "format")
    return tuple(dict.fromkeys(names))


def plan_jobs(
    inputs: Sequence[Address], out: Address | None, formats: tuple[str, ...]
) -> Iterator[Job | PianotransError]:
    """A job for every recording, in the order given; folders are walked. An input without any gives an error.

    Raises UsageError where inputs, `--output` and `--format` do not go together.
    """
    if not all(isinstance(address, Path) for address in (*inputs, out or STDOUT)):
        _check_folder(out)
    found = {source: base for given in inputs for source, base in _recordings(given)}
    alone = len(inputs) == 1 and not is_folder(inputs[0])
    if out == STDOUT:
        _check_stdout(alone, formats)
    jobs = {
        source: Job(
            source,
            _outputs(source, base, out, formats, alone=alone),
            place_below(base, source),
            is_of_folder=base in inputs,
        )
        for source, base in found.items()
        if not isinstance(source, AudioError)
    }
    _check_collisions(list(jobs.values()))
    return (source if isinstance(source, AudioError) else jobs[source] for source in found)


def collection_folder(planned: Sequence[Job | PianotransError], out: Address | None) -> Address | None:
    """The output folder, if this is a collection: of a folder or of URLs, written below `-o` FOLDER."""
    if out is None or out == STDOUT:
        return None
    jobs = [job for job in planned if isinstance(job, Job)]
    of_many = [job for job in jobs if job.is_of_folder or not isinstance(job.source, Path)]
    if isinstance(out, Path) and not (of_many and is_folder(out)):
        return None
    return out


def _recordings(given: Address) -> Iterator[tuple[Address | AudioError, Address]]:
    """The recordings that an argument stands for, each with the folder its place is relative to."""
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


def _outputs(
    source: Address, base: Address, out: Address | None, formats: tuple[str, ...], *, alone: bool
) -> dict[str, Address]:
    names = formats or ("mid",)
    if out == STDOUT:
        return {names[0]: STDOUT}
    if out is None:
        return {name: source.with_suffix(f".{name}") for name in names}
    if not isinstance(out, Path) or is_folder(out):
        return {name: out / place_below(base, source).with_suffix(f".{name}").as_posix() for name in names}
    if not alone:
        raise UsageError(f"{out}: no such folder. For several inputs, create it first.", "output")
    return dict(_one_file(out, formats))


def _check_folder(out: Address | None) -> None:
    """Raise UsageError unless `--output` says where what is elsewhere, or goes there, is written below."""
    if out is None or out == STDOUT:
        raise UsageError("recordings at a URL need a folder to be written to.", "output")
    if isinstance(out, Path) and not is_folder(out):
        raise UsageError(f"{out}: no such folder. Create it first.", "output")
    if out.suffix.lower() in _FORMAT_OF_SUFFIX:
        raise UsageError(f"{out}: with URLs this is to be a folder, not a file.", "output")


def _one_file(target: Path, formats: tuple[str, ...]) -> dict[str, Path]:
    """Where `-o` names a file: its suffix says the format, and `--format` must not say another."""
    implied = _FORMAT_OF_SUFFIX.get(target.suffix.lower())
    if implied is None:
        raise UsageError(
            f"{target}: neither a folder that exists nor a name in .mid, .json, .csv or .html.", "output"
        )
    if len(formats) > 1:
        raise UsageError(f"{target}: one file, but --format asks for {len(formats)}. Name a folder.", "output")
    if formats and formats[0] != implied:
        raise UsageError(f"{target}: contradicts --format {formats[0]}.", "output")
    if not is_folder(target.parent):
        raise UsageError(f"{target}: the folder {target.parent} does not exist.", "output")
    return {implied: target}


def _check_stdout(alone: bool, formats: tuple[str, ...]) -> None:
    if not alone or len(formats) > 1:
        raise UsageError("standard output takes one input and one format.", "output")
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal. Redirect it to a file or a pipe.", "output")


def _check_collisions(jobs: list[Job]) -> None:
    owners: dict[Address, Address] = {}
    for job in jobs:
        for path in job.outputs.values():
            other = owners.setdefault(path, job.source)
            if other != job.source:
                raise UsageError(f"{other} and {job.source} would both be written to {path}.")
