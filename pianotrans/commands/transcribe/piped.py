"""Recordings that come through a pipe: standard input, and named pipes.

Decoders go back and forth in a file, so a pipe is copied to a temporary file first.
"""

import os
import select
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pianotrans.errors import AudioError, UsageError
from pianotrans.workers.storage import Address

_STANDARD_INPUT = {Path(name) for name in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")}
_FOLDERS_OF_OWN_FILES = {Path("/dev/fd"), Path("/proc/self/fd")}  # another process has others there
_PATIENCE_S = 10.0
_CHUNK_BYTES = 2**20


def is_piped(source: Address) -> bool:
    """Whether an input is standard input, another open file of this process, or a named pipe."""
    if source in _STANDARD_INPUT:
        return True
    if not isinstance(source, Path):
        return False
    try:
        mode = source.stat().st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or (source.parent in _FOLDERS_OF_OWN_FILES and stat.S_ISREG(mode))


def title_of(source: Address) -> str:
    """What messages call an input: its file name, or standard input."""
    return "standard input" if source in _STANDARD_INPUT else source.name


def check_piped(source: Address, *, alone: bool) -> None:
    """Raise UsageError unless a piped input is the only one, and not a terminal."""
    if not alone:
        raise UsageError(f"{title_of(source)}: a pipe. Give it alone, without other inputs.")
    if source in _STANDARD_INPUT and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal. Pipe a recording into it, or name a file.")


@contextmanager
def copied(source: Path) -> Iterator[Path]:
    """A copy of a piped recording, for as long as the block lasts.

    Raises AudioError if nothing comes through the pipe, or the copy cannot be kept.
    """
    with _tidy_end(), tempfile.TemporaryDirectory(prefix="pianotrans-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "recording"
        try:
            with _opened(source) as pipe, copy.open("xb") as file:
                shutil.copyfileobj(pipe, file, _CHUNK_BYTES)
        except OSError as error:
            raise AudioError(
                f"{title_of(source)}: cannot be copied to {folder} ({error.strerror or error}). "
                "Set TMPDIR to a folder with more space."
            ) from error
        if not copy.stat().st_size:
            raise AudioError(f"{title_of(source)}: is empty (0 bytes). Pipe a recording into it.")
        yield copy


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
    if source not in _STANDARD_INPUT:
        with _named_pipe(source) as pipe:
            yield pipe
    elif sys.stdin is None:
        raise AudioError("standard input: is closed. Pipe a recording into it.")
    else:
        yield sys.stdin.buffer


def _named_pipe(path: Path) -> BinaryIO:
    """A pipe that somebody writes to: opening and reading any other would wait for ever."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not select.select([number], [], [], _PATIENCE_S)[0]:
            raise AudioError(f"{path.name}: a pipe that nobody has written to for {_PATIENCE_S:g} s. Give a file.")
        os.set_blocking(number, True)
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let SIGTERM, and the end of the terminal, remove the copy like any other end."""
    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(AttributeError, ValueError):  # not on this system, or not in the main thread
            number = getattr(signal, name)
            before[number] = signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
