"""The files that a command writes about one song: which formats, where, and whether they may be written."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pianotrans.errors import OutputError, UsageError
from pianotrans.extras import require
from pianotrans.workers.formats import DEFAULT_FORMAT, FORMATS, SOUNDING, format_of, parse_formats, suffix_of


def choose_targets(
    source: Path, output: Path | None, formats: list[str], default: str, *, with_sounding: bool = False
) -> dict[str, Path]:
    """Where each format is written: to the file `output`, in that folder, or beside the song.

    `with_sounding` adds MIDI with notes as long as they sound beside the MIDI file.
    Raises UsageError where names and formats contradict each other.
    """
    names = parse_formats(formats)
    if output is not None and not output.is_dir():
        implied = format_of(output.suffix)
        if implied is None:
            raise UsageError(
                f"{output}: neither a folder nor a name in .musicxml, .svg, .pdf, .mid or .json.", "output"
            )
        if len(names) > 1 or (names and names[0] != implied):
            raise UsageError(
                f"{output}: one file, but --format asks for {', '.join(names)}. Name a folder.", "output"
            )
        targets = {implied: output}
    else:
        folder = output or source.parent
        targets = {name: folder / f"{source.stem}{suffix_of(name)}" for name in names or (default,)}
    if with_sounding:
        if DEFAULT_FORMAT not in targets:
            raise UsageError(f"both are MIDI. Add {DEFAULT_FORMAT} to the formats.", "durations", "format")
        targets[SOUNDING] = targets[DEFAULT_FORMAT].with_suffix(suffix_of(SOUNDING))
    if any(path.absolute() == source.absolute() for path in targets.values()):
        raise UsageError(f"{source}: is the input itself. Name another file with -o.", "output")
    return targets


def check_targets(targets: Mapping[str, Path], others: Iterable[Path] = (), *, overwrite: bool) -> None:
    """Refuse early, before time is spent, what cannot be written. Raises OutputError or ExtraError."""
    if any(FORMATS[name].is_engraved for name in targets):
        require("score")
    for path in (*targets.values(), *others):
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: already exists. Pass --overwrite to replace it.")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: the folder {path.parent} does not exist. Create it, or choose another.")


def write_targets(contents: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write each file, whole or not at all."""
    from pianotrans.files import write_atomically

    for path, content in contents.items():
        write_atomically(path, content, overwrite=overwrite)
