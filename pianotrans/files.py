"""Files that appear whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pianotrans.errors import OutputError

_DISK_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def write_atomically(path: str | os.PathLike[str], data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path` so that nobody ever sees, and no failure ever leaves, a part of it.

    The data goes to a temporary file in the same folder, to the disk, and then under its name. Without
    `overwrite` the last step fails if the name is taken, even by another process a moment ago. The temporary
    file (`.pianotrans-….tmp`) stays behind only if the process is killed.

    Raises OutputError when the file exists (without `overwrite`) or is no plain file, when its folder is
    missing or may not be written, or when the disk is full.
    """
    target = Path(path)
    temporary = None
    try:
        _check(target, overwrite=overwrite)
        temporary = target.with_name(f".pianotrans-{secrets.token_hex(8)}.tmp")
        with temporary.open("xb") as file:  # created under the user's umask, as mkstemp's files are not
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            temporary.replace(target)
        else:
            _give_free_name(temporary, target)
    except OSError as error:
        raise OutputError(_explanation(target, error, len(data))) from error
    finally:
        if temporary is not None:
            _remove(temporary)


def write_folder_atomically(path: str | os.PathLike[str], files: Mapping[str, bytes]) -> None:
    """Make the folder `path`, which must not exist, with these files in it, so that it is never there in part.

    As `write_atomically` does it, whose errors it has; what a SIGKILL leaves behind is a folder called
    `.pianotrans-….tmp`.
    """
    target = Path(path)
    temporary = target.with_name(f".pianotrans-{secrets.token_hex(8)}.tmp")
    try:
        if target.exists():
            raise FileExistsError
        temporary.mkdir()
        for name, data in files.items():
            with (temporary / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        temporary.rename(target)
    except OSError as error:
        raise OutputError(_explanation(target, error, sum(map(len, files.values())))) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make a folder for results, and those above it. Raises OutputError if that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: this folder cannot be made ({error.strerror}). Choose another.") from error


def _check(target: Path, *, overwrite: bool) -> None:
    """Refuse early what cannot go well; `_give_free_name` refuses what comes into being later."""
    if target.is_dir():
        raise OutputError(f"{target.name or target}: is a folder. Name a file in it.")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target.name}: is a device or a pipe. Name a plain file.")
    if target.exists() and not overwrite:
        raise FileExistsError


def _give_free_name(temporary: Path, target: Path) -> None:
    """Put a file under a name that nothing else has. Raises FileExistsError if something has it."""
    try:
        target.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        return
    target.touch(exist_ok=False)  # file systems without hard links: take the name first
    try:
        temporary.replace(target)
    except BaseException:
        _remove(target)
        raise


def _remove(path: Path) -> None:
    with suppress(OSError):  # the folder is gone or closed: the failure that led here says more
        path.unlink(missing_ok=True)


def _explanation(target: Path, error: OSError, n_bytes: int) -> str:
    name, folder = target.name, target.parent
    if isinstance(error, FileExistsError):
        return f"{name}: already exists. Pass --overwrite to replace it."
    if isinstance(error, FileNotFoundError):
        return f"{name}: the folder {folder} does not exist. Create it, or choose another."
    if isinstance(error, NotADirectoryError):
        return f"{name}: {folder} is not a folder. Choose another."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{name}: the folder {folder} may not be written. Change its permissions, or choose another."
    if error.errno in _DISK_FULL:
        return f"{name}: no space for {n_bytes} bytes in {folder}. Free some, or choose another folder."
    return f"{name}: cannot be written ({error.strerror or error}). Choose another name or folder."
