"""The files of a data set, told apart by their suffixes."""

import os
from collections.abc import Iterator
from pathlib import Path

from pianotrans.datasets.naming import excerpt
from pianotrans.errors import DatasetError
from pianotrans.names import composed

MAPS_TEXT_SUFFIX = ".txt"


def check_folder(root: Path) -> None:
    """Raise DatasetError unless `root` is a folder that holds something."""
    try:
        is_empty = not any(root.iterdir())
    except (FileNotFoundError, ValueError) as error:  # ValueError: a NUL in the path
        raise DatasetError(f"{excerpt(root)}: there is no such folder. Check the path.") from error
    except NotADirectoryError as error:
        raise DatasetError(
            f"{excerpt(root)}: is a file. Give the folder of the data set, or a csv of pairs."
        ) from error
    except OSError as error:
        raise _refusal(error) from error
    if is_empty:
        raise DatasetError(f"{excerpt(root)}: this folder is empty. Give the folder of the data set.")


def is_file(path: Path) -> bool:
    """Whether there is such a file; False also for names that are too long, where `Path.is_file` raises."""
    try:
        return path.is_file()
    except OSError:
        return False


def find_file(root: Path, place: Path) -> Path:
    """The file at `place` below `root`, also if the letters of its name are composed in another way there.

    An index may spell é as one character while the file system decomposes it, or the other way round. Returns
    `root / place` if there is no such file.
    """
    path = root / place
    if is_file(path) or path.as_posix().isascii():
        return path
    found = root
    for part in place.parts:
        found = _same_name(found, part)
    return found if is_file(found) else path


def _same_name(folder: Path, name: str) -> Path:
    """The path of this name in a folder, or of another that is the same when composed."""
    try:
        if not os.path.lexists(folder / name):
            return next(path for path in sorted(folder.iterdir()) if composed(path.name) == composed(name))
    except (OSError, StopIteration):
        pass
    return folder / name


def walk_files(root: Path) -> list[Path]:
    """All files at and below `root`, as paths relative to it, in order of their folders and names.

    Hidden files and folders are skipped. Links are followed, but each folder is visited only once, under the
    first of its names: loops end. Raises DatasetError if a folder cannot be read.
    """
    return sorted(_walk(root), key=lambda path: path.parts)


def _walk(root: Path) -> Iterator[Path]:
    visited = {os.path.realpath(root)}
    for parent, folders, files in os.walk(root, onerror=_raise, followlinks=True):
        entered = []
        for name in sorted(folders):
            real = os.path.realpath(Path(parent, name))
            if not name.startswith(".") and real not in visited:
                visited.add(real)
                entered.append(name)
        folders[:] = entered
        for name in files:
            path = Path(parent, name)
            if not name.startswith(".") and is_file(path):
                yield path.relative_to(root)


def _raise(error: OSError) -> None:
    raise _refusal(error) from error


def _refusal(error: OSError) -> DatasetError:
    return DatasetError(
        f"{excerpt(error.filename)}: cannot be read as a folder ({error.strerror}). Check the path."
    )
