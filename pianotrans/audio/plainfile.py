"""A file as the decoders may see it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


class PlainFile:
    """A part of a binary file, without its name and without exceptions from `seek`, at its beginning.

    FFmpeg judges a file by its suffix, too, if it sees one. Both libraries sometimes look for places before
    the beginning; an exception there would end up on stderr.
    """

    def __init__(self, file: "BinaryIO | PlainFile", begin: int = 0, end: int | None = None) -> None:
        """The bytes from `begin` to `end`, which is the file's own end if it is None."""
        self._file = file
        self._begin = begin
        self._end = end
        self.seek(0)

    def read(self, n_bytes: int = -1) -> bytes:
        """Like the file's own."""
        if self._end is not None:
            left = max(0, self._end - self._begin - self.tell())
            n_bytes = left if n_bytes is None or n_bytes < 0 else min(n_bytes, left)
        return self._file.read(n_bytes)

    def readinto(self, buffer: memoryview) -> int:
        """Like the file's own."""
        view = memoryview(buffer).cast("B")
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def tell(self) -> int:
        """Like the file's own."""
        return self._file.tell() - self._begin

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Like the file's own, but -1 where that raises or would leave the part."""
        try:
            if whence == os.SEEK_CUR:
                offset += self.tell()
            elif whence == os.SEEK_END:
                end = self._file.seek(0, os.SEEK_END) if self._end is None else self._end
                offset += end - self._begin
            elif whence != os.SEEK_SET:  # FFmpeg asks for the size in this way
                return -1
            return -1 if offset < 0 else self._file.seek(self._begin + offset) - self._begin
        except (OSError, OverflowError, ValueError):
            return -1

    def size(self) -> int:
        """How many bytes there are."""
        with self.undisturbed():
            return self.seek(0, os.SEEK_END)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Look elsewhere in a file that a decoder is reading, and come back."""
        place = self.tell()
        try:
            yield
        finally:
            self.seek(place)
