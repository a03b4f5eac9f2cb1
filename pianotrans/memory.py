"""A limit on the memory of decoding, for processes that read recordings of unknown origin.

A file of a few hundred bytes can make a decoder ask for gigabytes. Only Linux can refuse them to one part of a
process's work; on other systems nothing is limited.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar

from pianotrans.errors import AudioError

HEADROOM_BYTES = 2**29
"""What decoding may take beyond what the process has already; an hour of MP4 takes some 10 MB."""

_n_limited = 0  # blocks of `limited_decoding` that last
_lock = Lock()
_limits: list[tuple[int, int]] = []  # the first is the one to return to; one for each thread that is decoding

_Item = TypeVar("_Item")


@contextmanager
def limited_decoding() -> Iterator[None]:
    """Limit the memory of all decoding in this process while the block lasts. Threads share the limit."""
    global _n_limited  # a state of the whole process, like the limit itself
    with _lock:
        _n_limited += 1
    try:
        yield
    finally:
        with _lock:
            _n_limited -= 1


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Decode a part of the recording of this name, within the limit if there is one.

    Raises AudioError in place of a MemoryError.
    """
    try:
        if _n_limited:
            with _limit(HEADROOM_BYTES):
                yield
        else:
            yield
    except MemoryError as error:
        raise AudioError(
            f"{name}: needs more than {HEADROOM_BYTES / 1e9:.1f} GB of memory to be decoded. Re-export it."
        ) from error


def decoded(items: Iterator[_Item], name: str) -> Iterator[_Item]:
    """The same items, each made within the limit; what is done with them is not limited."""
    while True:
        with decoding(name):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item


@contextmanager
def _limit(headroom_bytes: int) -> Iterator[None]:
    """Let the data of this process grow by so much at most; quietly nothing where that cannot be limited.

    The limit on data counts what is used, unlike the one on addresses, of which CUDA and numba reserve a lot.
    """
    used_bytes = _data_bytes()
    if used_bytes is None:
        yield
        return
    import resource

    with _lock:
        _limits.append(resource.getrlimit(resource.RLIMIT_DATA))
        soft, hard = _limits[0]
        wanted = used_bytes + headroom_bytes
        if soft == resource.RLIM_INFINITY or soft > wanted:  # else it is stricter already
            resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        with _lock:
            before = _limits[0]
            _limits.pop()
            if not _limits:  # other threads may still be decoding
                resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int | None:
    """The data and stacks of this process; None where the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    return None
