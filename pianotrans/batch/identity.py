"""Whether a recording is still the one that was transcribed."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from pianotrans.errors import AudioError
from pianotrans.workers.storage import Address

_RACY_NS = 2_000_000_000
"""Some file systems keep times to two seconds: a file changed within that time may show the same one."""


@dataclass(frozen=True)
class Identity:
    """Which file a recording was read from, and what was in it."""

    source: str  # absolute path, or URL
    size: int
    mtime_ns: int
    seen_ns: int  # when its content was read
    content: str  # BLAKE2b, hexadecimal; of a file elsewhere, what its store gives instead

    def is_proven_by(self, size: int, mtime_ns: int) -> bool:
        """Whether a file of this size and time need not be read again to know its content."""
        return (size, mtime_ns) == (self.size, self.mtime_ns) and mtime_ns + _RACY_NS < self.seen_ns


def identify(path: Address, known: Identity | None = None) -> Identity:
    """The identity of a file; its content is read unless its size and time prove that it is as `known`.

    Raises AudioError if it cannot be read. Costs one reading of the file: about a second per gigabyte. Files
    elsewhere are not read but asked for.
    """
    source = ledger_text(path.absolute())
    if not isinstance(path, Path):
        from pianotrans.workers import remote

        size, changed_ns, version = remote.describe(path)
        found = Identity(source, size, changed_ns, time.time_ns(), version)
        return known if known and replace(known, seen_ns=found.seen_ns) == found else found
    try:
        status = path.stat()  # before reading: a change in between shows the next time
        if known and known.source == source and known.is_proven_by(status.st_size, status.st_mtime_ns):
            return known
        seen_ns = time.time_ns()
        with path.open("rb") as file:
            content = hashlib.file_digest(file, digest).hexdigest()
    except FileNotFoundError as error:
        raise AudioError(f"{path}: no such file. It was there a moment ago; run again.") from error
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror}). Check its permissions.") from error
    return Identity(source, status.st_size, status.st_mtime_ns, seen_ns, content)


def digest(data: bytes = b"") -> "hashlib.blake2b":
    """A hash object, fed with `data`."""
    return hashlib.blake2b(data, digest_size=20)


def ledger_text(path: "PurePath | Address") -> str:
    """A path as text that a data base can hold, with slashes; bytes that are no text are spelled out."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")
