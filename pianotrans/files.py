"""Write files atomically: they appear complete or not at all."""

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
    """Write `data` to `path` such that no process ever sees, and no failure ever leaves, a part of it.

    The data goes to a temporary file in the same folder, is flushed to disk, and then gets its name. Without
    `overwrite` the last step fails if the name is taken, even if another process has just taken it. The temporary
    file (`.pianotrans-….tmp`) remains only if the process dies without an exception, for example by SIGKILL.
    A file that replaces another one takes over its permissions.

    Raises OutputError if the file exists (without `overwrite`) or is not a plain file, if its folder is missing or
    not writable, or if the disk is full.
    """
    target = Path(path)
    temporary = None
    try:
        _check(target, overwrite=overwrite)
        temporary = target.with_name(f".pianotrans-{secrets.token_hex(8)}.tmp")
        with temporary.open("xb") as file:  # respects the user's umask; mkstemp does not
            if overwrite:
                _take_over_mode(target, temporary)
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
    """Create the folder `path` with these files atomically; it must not exist.

    Raises the errors of `write_atomically`. A SIGKILL leaves behind a folder called `.pianotrans-….tmp`.
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
    """Create a folder for results, and its parents. Raises OutputError if it cannot be created."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: this folder cannot be made ({error.strerror}). Choose another.") from error


def _check(target: Path, *, overwrite: bool) -> None:
    """Refuse unsuitable targets early; `_give_free_name` refuses files that appear later."""
    if target.is_dir():
        raise OutputError(f"{target.name or target}: is a folder. Name a file in it.")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target.name}: is a device or a pipe. Name a plain file.")
    if target.exists() and not overwrite:
        raise FileExistsError


def _take_over_mode(target: Path, temporary: Path) -> None:
    """Give a file the permissions of the one that it will replace, if there is one."""
    with suppress(OSError):  # nothing to replace, or a file system without permissions
        temporary.chmod(target.stat().st_mode & 0o777)


def _give_free_name(temporary: Path, target: Path) -> None:
    """Give the file a name that is still free. Raises FileExistsError if it is taken."""
    try:
        target.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        return
    target.touch(exist_ok=False)  # without hard links: reserve the name first
    try:
        temporary.replace(target)
    except BaseException:
        _remove(target)
        raise


def _remove(path: Path) -> None:
    with suppress(OSError):  # the folder is gone or not accessible: the original error says more
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
        return f"{name}: the folder {folder} is not writable. Change its permissions, or choose another."
    if error.errno in _DISK_FULL:
        return f"{name}: no space for {n_bytes} bytes in {folder}. Free some, or choose another folder."
    return f"{name}: cannot be written ({error.strerror or error}). Choose another name or folder."
