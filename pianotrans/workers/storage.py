"""The file operations that a run needs, for files on this machine and in remote stores.

A path is on this machine. A URL (`s3://bucket/disc 1`) is in any store that fsspec supports: object stores, SFTP,
SMB and more. fsspec is not loaded until a URL is given.
"""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, Union

from pianotrans.audio import OnRefused, find_audio
from pianotrans.errors import AudioError, StorageError
from pianotrans.extras import install_command
from pianotrans.files import make_folder, write_atomically

if TYPE_CHECKING:
    from upath import UPath

Address: TypeAlias = Union[Path, "UPath"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # at least two letters: C:/ is a drive
_HERE = ("file", "local")
_WEB = re.compile(r"https?://", re.IGNORECASE)


def parse_address(text: str) -> Address:
    """The address that a path or a URL names; `file://…` is a path, too. Does not check that anything is there.

    Raises StorageError for a URL that cannot be opened on this machine, and for an address of the web.
    """
    if not _URL.match(text):
        return Path(text)
    if _WEB.match(text):  # mostly a page that shows a video, not the recording itself
        raise StorageError(
            f"{text}: an address of the web. Download the recording first, then give the file. URLs are for stores "
            f"such as s3://bucket/song.wav, with the extra 'cluster': {install_command('cluster')}"
        )
    try:
        from upath import UPath
    except ModuleNotFoundError as error:
        raise StorageError(
            f"{text}: URLs need the module {error.name!r}. Run: {install_command('cluster')}"
        ) from error
    try:
        address = UPath(text)
        if address.protocol in _HERE:
            return Path(address.path)
        _ = address.fs  # loads the protocol's implementation
    except ImportError as error:
        raise StorageError(f"{text}: cannot be opened here ({error}). Install it on every node.") from error
    except Exception as error:  # every kind of store has its own
        raise StorageError(f"{text}: not a URL that can be opened ({error}). Check it.") from error
    return address


def is_folder(address: Address) -> bool:
    """Whether the folder exists. False also without permission to look; using the folder then tells why.

    Raises AudioError if a remote store cannot be reached.
    """
    if not isinstance(address, Path):
        from pianotrans.workers import remote

        return remote.is_folder(address)
    try:
        return address.is_dir()
    except OSError:
        return False


def find_recordings(folder: Address, on_refused: OnRefused | None = None) -> list[Address]:
    """All recordings in a folder and its subfolders, sorted; see `audio.find_audio`.

    Raises AudioError if the folder cannot be read.
    """
    if isinstance(folder, Path):
        return list(find_audio(folder, on_refused))
    from pianotrans.workers import remote

    return list(remote.find_recordings(folder))


def place_below(folder: Address, address: Address) -> PurePath:
    """The path of an address relative to a folder; both are on this machine, or both in the same store."""
    place = address.relative_to(folder)  # type: ignore[arg-type]
    return place if isinstance(place, Path) else PurePath(place.as_posix())


def here(address: Address) -> Path:
    """The path of an address that must be on this machine."""
    assert isinstance(address, Path)
    return address


def list_once(folder: Address) -> None:
    """List a remote folder once, before many questions about its files. Does nothing for a local folder.

    Raises OutputError if the store cannot be reached.
    """
    if not isinstance(folder, Path):
        from pianotrans.workers import remote

        remote.list_all(folder)


def exists(address: Address) -> bool:
    """Whether anything exists there, even a broken link. Raises OutputError if a remote store cannot be reached."""
    if isinstance(address, Path):
        return os.path.lexists(address)
    from pianotrans.workers import remote

    return remote.is_there(address)


def is_file(address: Address) -> bool:
    """Whether the file exists. Raises OutputError if a remote store cannot be reached."""
    if isinstance(address, Path):
        return os.path.isfile(address)  # noqa: PTH113 - Path.is_file raises for names that are too long
    from pianotrans.workers import remote

    return remote.is_file(address)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one and the same file, which exists."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def read(address: Address) -> bytes | None:
    """The content of a small file; None if it cannot be read."""
    try:
        return address.read_bytes()
    except Exception:  # every kind of store has its own
        return None


def write(address: Address, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file atomically, after creating its parent folders.

    Raises OutputError if the file cannot be written, or exists and `overwrite` is False.
    """
    if not isinstance(address, Path):
        from pianotrans.workers import remote

        remote.write(address, data, overwrite=overwrite)
        return
    make_folder(address.parent)
    write_atomically(address, data, overwrite=overwrite)


@contextmanager
def readable(address: Address, title: str | None = None) -> Iterator[Path | BinaryIO]:
    """A source that audio can be read from: the path itself, or a local copy of a remote file, named after it.

    With a `title`, a file on this machine is opened and given this name. Raises FetchError if a remote file cannot
    be fetched, AudioError if a file with a title cannot be opened.
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
