"""Files elsewhere, at URLs that fsspec knows: found, told apart, brought here, and written whole or not at all."""

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

_BLOCK_BYTES = 8 * 2**20  # asked for at once
_VERSIONS = ("ETag", "etag", "md5Hash", "checksum")
"""What stores call the token that changes with the content."""
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modified", "created")


def is_folder(address: UPath) -> bool:
    """Whether there is such a folder; in an object store: whether anything is below. Raises AudioError."""
    with _explained(address, AudioError):
        return bool(address.is_dir())


def find_recordings(folder: UPath) -> list[UPath]:
    """All files with the suffix of a recording below a folder, hidden ones excepted, sorted. Raises AudioError."""
    with _explained(folder, AudioError):
        found = folder.fs.find(folder.path)
    places = sorted(PurePosixPath(name).relative_to(folder.path) for name in found)
    return [folder / place.as_posix() for place in places if _looks_like_audio(place)]


def list_all(folder: UPath) -> None:
    """Have the store list a folder once, where it remembers that, instead of asking for every file in it."""
    with _explained(folder, OutputError):
        folder.fs.invalidate_cache(folder.path)
        folder.fs.find(folder.path)


def is_file(address: UPath) -> bool:
    """Whether there is such a file. An old list may say that it is; that it is not only the store itself."""
    with _explained(address, OutputError):
        return bool(address.fs.isfile(address.path)) or is_there(address)


def is_there(address: UPath) -> bool:
    """Whether there is such a file, right now."""
    with _explained(address, OutputError):
        address.fs.invalidate_cache(address.path)
        return bool(address.fs.isfile(address.path))


def describe(address: UPath) -> tuple[int, int, str]:
    """Size, time of change (ns since 1970, 0 if of no interest) and a token for the content of a file.

    The token is the store's own (an ETag, say) or, failing that, made from the size and the time; where not even
    that is told, from the content. An old list will do: what has changed since is found by the next run.
    Raises AudioError if there is no such file.
    """
    with _explained(address, AudioError):
        info = address.fs.info(address.path)
        if info.get("type") != "file":
            raise FileNotFoundError
        size = int(info["size"])
        token = next((str(info[name]) for name in _VERSIONS if info.get(name)), None)
        if token is not None:  # lists and files themselves may tell times to different digits
            return size, 0, token
        changed_ns = _changed_ns(info)
        if changed_ns:
            return size, changed_ns, f"{size} bytes of {changed_ns}"
        return size, 0, hashlib.blake2b(address.read_bytes(), digest_size=20).hexdigest()


def write(address: UPath, data: bytes, *, overwrite: bool = False) -> None:
    """Write a file in one of fsspec's transactions, and the folders above it where there are such things.

    Until it ends nobody sees the file, and nothing is left of it if it fails: an object store completes the
    upload then, others rename a temporary file. Raises OutputError, also if the file exists without `overwrite`.
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
    """A copy of a file, in a temporary file without a name, of which nothing stays behind however this ends.

    Raises FetchError if it cannot be brought here.
    """
    with tempfile.TemporaryFile() as copy:
        with _explained(address, FetchError), address.fs.open(address.path, block_size=_BLOCK_BYTES) as file:
            shutil.copyfileobj(file, copy, _BLOCK_BYTES)
        copy.seek(0)
        copy.raw.name = str(address)  # type: ignore[attr-defined]  # what errors call it
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
    """Turn the failures of a store into one line of ours."""
    try:
        yield
    except PianotransError:
        raise
    except FileNotFoundError as error:
        raise kind(f"{address}: is not there. Check the URL.") from error
    except PermissionError as error:
        raise kind(f"{address}: no permission ({_line(error)}). Check the credentials in use.") from error
    except Exception as error:  # each kind of storage has its own
        raise kind(f"{address}: cannot be reached ({_line(error)}). Check the URL and the network.") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
