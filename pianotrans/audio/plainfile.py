"""A file as the decoders may see it."""

import os
from typing import Any, BinaryIO


class PlainFile:
    """A binary file without its name and without exceptions from `seek`, at its beginning.

    FFmpeg judges a file by its suffix, too, if it sees one. Both libraries sometimes look for places before
    the beginning; an exception there would end up on stderr.
    """

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self._seek = file.seek
        self.read = file.read
        self.tell = file.tell
        if hasattr(file, "readinto"):
            self.readinto: Any = file.readinto

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Like the file's own, but -1 where that raises."""
        try:
            return self._seek(offset, whence)
        except (OSError, OverflowError, ValueError):
            return -1
