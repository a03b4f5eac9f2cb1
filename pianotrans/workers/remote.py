"""Find, identify, fetch and atomically write files in remote stores, at any URL that fsspec supports."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from upath import UPath
from upath.implementations.cloud import CloudPath

from pianotrans.audio import AUDIO_SUFFIXES
from pianotrans.errors import AudioError, FetchError, OutputError, PianotransError

_BLOCK_BYTES = 8 * 2**20  # per request
_VERSIONS = ("ETag", "etag", "md5Hash", "checksum")
"""The names that stores give to the token that changes with the content."""
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")


def is_folder(address: UPath) -> bool:
    """Whether the folder exists; in an object store, whether it contains anything. Raises AudioError on failure."""
    with _explained(address, AudioError):
        return bool(address.is_dir())


def find_recordings(folder: UPath) -> list[UPath]:
    """All files below a folder with an audio suffix, except hidden ones, sorted. Raises AudioError on failure."""
    with _explained(folder, AudioError):
        found = folder.fs.find(folder.path)
    places = sorted(PurePosixPath(name).relative_to(folder.path) for name in found)
    return [folder / place.as_posix() for place in places if _looks_like_audio(place)]


def list_all(folder: UPath) -> None:
    """List a folder once, so that stores with a cache of listings need not be asked for every file."""
    with _explained(folder, OutputError):
        folder.fs.invalidate_cache(folder.path)
        folder.fs.find(folder.path)


def is_file(address: UPath) -> bool:
    """Whether the file exists. A cached listing may say that it does, only the store itself that it does not."""
    with _explained(address, OutputError):
        return bool(address.fs.isfile(address.path)) or is_there(address)


def is_there(address: UPath) -> bool:
    """Whether the file exists right now; asks the store itself."""
    with _explained(address, OutputError):
        address.fs.invalidate_cache(address.path)
        return bool(address.fs.isfile(address.path))


def describe(address: UPath) -> tuple[int, int, str]:
    """Size, modification time (ns since 1970; 0 if not needed) and a token for the content of a file.

    The token is the store's own, such as an ETag. Without one, it is made from the size and the time; without a
    time, from the content. A cached listing is good enough: the next run notices later changes. Raises AudioError
    if there is no such file.
    """
    with _explained(address, AudioError):
        info = address.fs.info(address.path)
        if info.get("type") != "file":
            raise FileNotFoundError
        size = int(info["size"])
        token = next((str(info[name]) for name in _VERSIONS if info.get(name)), None)
        if token is not None:  # the time may differ in precision between listings and files
            return size, 0, token
        changed_ns = _changed_ns(info)
        if changed_ns:
            return size, changed_ns, f"{size} bytes of {changed_ns}"
        return size, 0, hashlib.blake2b(address.read_bytes(), digest_size=20).hexdigest()


def write(address: UPath, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file in an fsspec transaction, after creating its parent folders if the store has folders.

    The file is invisible until the transaction ends, and nothing is left of it after a failure: an object store
    completes the upload at the end, other stores rename a temporary file. Raises OutputError if the file cannot be
    written, or exists and `overwrite` is False.
    """
    fs = address.fs
    if not overwrite and is_there(address):
        raise OutputError(f"{address}: already exists. Pass --overwrite to replace it.")
    with _explained(address, OutputError):
        if not isinstance(address, CloudPath):
            fs.makedirs(address.parent.path, exist_ok=True)
        with fs.transaction, fs.open(address.path, "wb") as file:
            file.write(data)
        fs.invalidate_cache(address.path)


@contextmanager
def fetched(address: UPath) -> Iterator[BinaryIO]:
    """A local copy of a file, in a temporary file without a name, so that nothing is ever left behind.

    Raises FetchError if the file cannot be fetched.
    """
    with tempfile.TemporaryFile() as copy:
        with _explained(address, FetchError), address.fs.open(address.path, block_size=_BLOCK_BYTES) as file:
            shutil.copyfileobj(file, copy, _BLOCK_BYTES)
        copy.seek(0)
        copy.raw.name = str(address)  # type: ignore[attr-defined]  # the name in error messages
        yield copy


def _looks_like_audio(place: PurePosixPath) -> bool:
    is_hidden = any(part.startswith(".") for part in place.parts)
    return not is_hidden and place.suffix.lower() in AUDIO_SUFFIXES


def _changed_ns(info: Mapping[str, Any]) -> int:
    for name in _TIMES:
        value = info.get(name)
        if isinstance(value, datetime):
            return round(value.timestamp() * 1e9)
        if isinstance(value, int | float) and value > 0:
            return round(value * 1e9)
    return 0


@contextmanager
def _explained(address: UPath, kind: type[PianotransError]) -> Iterator[None]:
    """Turn errors of a store into one-line errors of the given class."""
    try:
        yield
    except PianotransError:
        raise
    except FileNotFoundError as error:
        raise kind(f"{address}: no such file or folder. Check the URL.") from error
    except PermissionError as error:
        raise kind(f"{address}: permission denied ({_line(error)}). Check the credentials.") from error
    except Exception as error:  # every kind of store has its own
        raise kind(f"{address}: cannot be reached ({_line(error)}). Check the URL and the network.") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
