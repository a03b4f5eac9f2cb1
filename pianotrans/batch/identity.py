"""Tell whether a recording is still the file that was transcribed."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path

from pianotrans.errors import AudioError
from pianotrans.names import stored
from pianotrans.workers.storage import Address

_RACY_NS = 2_000_000_000
"""Some file systems store times to two seconds: a file that changes within that time may show the same one."""


@dataclass(frozen=True)
class Identity:
    """Which file a recording was read from, and a digest of its content."""

    source: str  # absolute path, or URL
    size: int
    mtime_ns: int
    seen_ns: int  # when its content was read
    content: str  # BLAKE2b, hexadecimal; for a remote file, the token of its store

    def is_proven_by(self, size: int, mtime_ns: int) -> bool:
        """Whether this size and modification time prove that the content is still the same."""
        return (size, mtime_ns) == (self.size, self.mtime_ns) and mtime_ns + _RACY_NS < self.seen_ns


def identify(path: Address, known: Identity | None = None) -> Identity:
    """The identity of a file. Its content is read unless its size and time prove that it is the same as `known`.

    Costs one read of the file: about a second per gigabyte. For a remote file, the store is asked instead (see
    `workers.remote.describe`). Raises AudioError if the file cannot be read.
    """
    source = stored(path.absolute().as_posix())
    if not isinstance(path, Path):
        from pianotrans.workers import remote

        size, changed_ns, version = remote.describe(path)
        found = Identity(source, size, changed_ns, time.time_ns(), version)
        return known if known and replace(known, seen_ns=found.seen_ns) == found else found
    try:
        status = path.stat()  # before reading, so that the next run notices a change in between
        if known and known.source == source and known.is_proven_by(status.st_size, status.st_mtime_ns):
            return known
        seen_ns = time.time_ns()
        with path.open("rb") as file:
            content = hashlib.file_digest(file, digest).hexdigest()
    except FileNotFoundError as error:
        raise AudioError(f"{path}: no such file. It has just been moved or deleted; run again.") from error
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    return Identity(source, status.st_size, status.st_mtime_ns, seen_ns, content)


def digest(data: bytes = b"") -> "hashlib.blake2b":
    """A BLAKE2b hash of 20 bytes, fed with `data`."""
    return hashlib.blake2b(data, digest_size=20)
