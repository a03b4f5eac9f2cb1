"""The files of a collection, on this machine or elsewhere: the few operations that a run needs, for either.

A path means this machine; a URL (`s3://bucket/disc 1`) whatever fsspec knows: object stores, SFTP, SMB and more. As
long as no URL is given, nothing of that is loaded.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, Union

from pianotrans.audio import find_audio
from pianotrans.errors import AudioError, StorageError
from pianotrans.files import make_folder, write_atomically

if TYPE_CHECKING:
    from upath import UPath

Address: TypeAlias = Union[Path, "UPath"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # of two letters at least: C:/ is a drive
_HERE = ("file", "local")


def parse_address(text: str) -> Address:
    """Where a path or a URL leads; `file://…` is a path, too. Nothing is looked at there.

    Raises StorageError for a URL that nothing here can open.
    """
    if not _URL.match(text):
        return Path(text)
    try:
        from upath import UPath
    except ModuleNotFoundError as error:
        raise StorageError(
            f"{text}: for URLs the module {error.name!r} is missing. Run `pip install 'pianotrans[cluster]'`."
        ) from error
    try:
        address = UPath(text)
        if address.protocol in _HERE:
            return Path(address.path)
        _ = address.fs  # loads what knows the protocol
    except ImportError as error:
        raise StorageError(f"{text}: cannot be opened here ({error}). Install that, on every node.") from error
    except Exception as error:  # each kind of storage has its own
        raise StorageError(f"{text}: no URL that can be opened ({error}). Check it.") from error
    return address


def is_folder(address: Address) -> bool:
    """Whether there is such a folder; no, too, where one may not look: using it tells why.

    Raises AudioError if a store elsewhere cannot be reached.
    """
    if not isinstance(address, Path):
        from pianotrans.workers import remote

        return remote.is_folder(address)
    try:
        return address.is_dir()
    except OSError:
        return False


def find_recordings(folder: Address) -> list[Address]:
    """What looks like audio in a folder and below, sorted. Raises AudioError if it cannot be read."""
    if isinstance(folder, Path):
        return list(find_audio(folder))
    from pianotrans.workers import remote

    return list(remote.find_recordings(folder))


def place_below(folder: Address, address: Address) -> PurePath:
    """Where in a folder something is; both are on this machine, or both in one store."""
    return PurePath(address.relative_to(folder).as_posix())  # type: ignore[arg-type]


def here(address: Address) -> Path:
    """An address that can only be one of this machine."""
    assert isinstance(address, Path)
    return address


def list_once(folder: Address) -> None:
    """Before many questions about the files of a folder elsewhere: have them answered by one list.

    Raises OutputError if the store cannot be reached.
    """
    if not isinstance(folder, Path):
        from pianotrans.workers import remote

        remote.list_all(folder)


def exists(address: Address) -> bool:
    """Whether something is there, be it a broken link. Raises OutputError if a store cannot be reached."""
    if isinstance(address, Path):
        return os.path.lexists(address)
    from pianotrans.workers import remote

    return remote.is_there(address)


def is_file(address: Address) -> bool:
    """Whether there is such a file. Raises OutputError if a store elsewhere cannot be reached."""
    if isinstance(address, Path):
        return os.path.isfile(address)  # noqa: PTH113 - a path's own method raises for names that are too long
    from pianotrans.workers import remote

    return remote.is_file(address)


def read(address: Address) -> bytes | None:
    """The content of a small file; None if it cannot be read."""
    try:
        return address.read_bytes()
    except Exception:  # each kind of storage has its own
        return None


def write(address: Address, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file that appears whole or not at all, and the folders above it.

    Raises OutputError if that cannot be done, or the file exists (without `overwrite`).
    """
    if not isinstance(address, Path):
        from pianotrans.workers import remote

        remote.write(address, data, overwrite=overwrite)
        return
    make_folder(address.parent)
    write_atomically(address, data, overwrite=overwrite)


@contextmanager
def readable(address: Address, title: str | None = None) -> Iterator[Path | BinaryIO]:
    """What audio can be read from: the path itself, or a copy of a remote file, named after it.

    With a `title`, an open file that has this name, whatever the path is. Raises FetchError if a remote file cannot
    be fetched, AudioError if a file cannot be opened under its title.
    """
    if not isinstance(address, Path):
        from pianotrans.workers import remote

        with remote.fetched(address) as file:
            yield file
    elif title is None:
        yield address
    else:
        with _opened(address, title) as file:
            yield file


def _opened(path: Path, title: str) -> BinaryIO:
    try:
        raw = io.FileIO(path)
    except OSError as error:
        raise AudioError(f"{title}: cannot be read ({error.strerror}).") from error
    raw.name = title
    return io.BufferedReader(raw)
