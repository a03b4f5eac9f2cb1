"""Which file each input is written to, settled before any work is done."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from pianotrans.audio import find_audio
from pianotrans.batch.delivery import make_folder as make_folder  # the commands' own way to make one
from pianotrans.errors import AudioError, OutputError, PianotransError

FORMATS = ("mid", "json", "csv", "html")
REPORT = "html"
STDOUT = Path("-")
_FORMAT_OF_SUFFIX = {".mid": "mid", ".midi": "mid", ".json": "json", ".csv": "csv", ".html": "html"}


@dataclass(frozen=True)
class Job:
    """One recording and where its results go."""

    source: Path
    outputs: dict[str, Path]  # by format; STDOUT stands for standard output
    place: Path  # of the source below the folder that was given
    is_of_folder: bool = False  # found by walking a folder, not named itself

    def check_free(self) -> None:
        """Raise OutputError if a result exists already."""
        for path in self.outputs.values():
            if path != STDOUT and os.path.lexists(path):
                raise OutputError(f"{path}: already exists. Pass --overwrite to replace it.")


def parse_formats(given: Sequence[str]) -> tuple[str, ...]:
    """`--format mid,json --format csv` → ("mid", "json", "csv"), each once."""
    names = [name.strip().lower().removeprefix(".") for text in given for name in text.split(",")]
    for name in names:
        if name not in FORMATS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(FORMATS)}.", param_hint="--format")
    return tuple(dict.fromkeys(names))


def plan_jobs(inputs: Sequence[Path], out: str | None, formats: tuple[str, ...]) -> Iterator[Job | PianotransError]:
    """A job for every recording, in the order given; folders are walked. An input without any gives an error.

    Raises typer.BadParameter where inputs, `--output` and `--format` do not go together.
    """
    found = {source: base for given in inputs for source, base in _recordings(given)}
    alone = len(inputs) == 1 and not _is_folder(inputs[0])
    if out == str(STDOUT):
        _check_stdout(alone, formats)
    jobs = {
        source: Job(
            source,
            _outputs(source, base, out, formats, alone=alone),
            source.relative_to(base),
            is_of_folder=base in inputs,
        )
        for source, base in found.items()
        if not isinstance(source, AudioError)
    }
    _check_collisions(list(jobs.values()))
    return (source if isinstance(source, AudioError) else jobs[source] for source in found)


def collection_folder(planned: Sequence[Job | PianotransError], out: str | None) -> Path | None:
    """The output folder, if this is a collection: recordings found in folders, written below `-o` FOLDER.

    Raises typer.BadParameter for reports of a collection: its workers do not make any.
    """
    if out in (None, str(STDOUT)) or not _is_folder(Path(str(out))):
        return None
    found = [job for job in planned if isinstance(job, Job) and job.is_of_folder]
    if any(REPORT in job.outputs for job in found):
        raise typer.BadParameter(
            "html is for recordings that are named themselves, or without -o FOLDER.", param_hint="--format"
        )
    return Path(str(out)) if found else None


def _recordings(given: Path) -> Iterator[tuple[Path | AudioError, Path]]:
    """The recordings that an argument stands for, each with the folder its place is relative to."""
    if not _is_folder(given):
        yield given, given.parent
        return
    try:
        recordings = find_audio(given)
    except AudioError as error:
        yield error, given
        return
    if not recordings:
        yield AudioError(f"{given}: no recordings in this folder. Name one that holds audio files."), given
    for path in recordings:
        yield path, given


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder; no, too, where one may not look: using it tells why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _outputs(
    source: Path, base: Path, out: str | None, formats: tuple[str, ...], *, alone: bool
) -> dict[str, Path]:
    names = formats or ("mid",)
    if out == str(STDOUT):
        return {names[0]: STDOUT}
    if out is None:
        return {name: source.with_suffix(f".{name}") for name in names}
    target = Path(out)
    if _is_folder(target):
        return {name: target / source.relative_to(base).with_suffix(f".{name}") for name in names}
    if not alone:
        raise typer.BadParameter(f"{out}: no such folder. For several inputs, create it first.", param_hint="-o")
    return _one_file(target, formats)


def _one_file(target: Path, formats: tuple[str, ...]) -> dict[str, Path]:
    """Where `-o` names a file: its suffix says the format, and `--format` must not say another."""
    implied = _FORMAT_OF_SUFFIX.get(target.suffix.lower())
    if implied is None:
        raise typer.BadParameter(
            f"{target}: neither a folder that exists nor a name in .mid, .json, .csv or .html.", param_hint="-o"
        )
    if len(formats) > 1:
        raise typer.BadParameter(
            f"{target}: one file, but --format asks for {len(formats)}. Name a folder.", param_hint="-o"
        )
    if formats and formats[0] != implied:
        raise typer.BadParameter(f"{target}: contradicts --format {formats[0]}.", param_hint="-o")
    if not _is_folder(target.parent):
        raise typer.BadParameter(f"{target}: the folder {target.parent} does not exist.", param_hint="-o")
    return {implied: target}


def _check_stdout(alone: bool, formats: tuple[str, ...]) -> None:
    if not alone or len(formats) > 1:
        raise typer.BadParameter("standard output takes one input and one format.", param_hint="-o -")
    if sys.stdout.isatty():
        raise typer.BadParameter(
            "standard output is a terminal. Redirect it to a file or a pipe.", param_hint="-o -"
        )


def _check_collisions(jobs: list[Job]) -> None:
    owners: dict[Path, Path] = {}
    for job in jobs:
        for path in job.outputs.values():
            other = owners.setdefault(path, job.source)
            if other != job.source:
                raise typer.BadParameter(f"{other} and {job.source} would both be written to {path}.")
