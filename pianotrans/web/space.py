"""The space on the disk of the jobs, part of which is kept in reserve for results and the database."""

import errno
import shutil
from pathlib import Path

from pianotrans.errors import PianotransError

_DISK_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
_RESERVE_BYTES = 256 * 2**20
_RESERVE_PART = 1 / 20  # of a small disk


class DiskFullError(PianotransError):
    """The disk has no space for another upload."""

    def __str__(self) -> str:
        return "The server's disk is full. Delete some jobs and try again."


class Space:
    """The free space of a folder's disk.

    Args:
        folder: the folder, which exists.
        reserve_bytes: uploads leave this much free; None: 256 MiB, or a twentieth of a small disk.
    """

    def __init__(self, folder: Path, reserve_bytes: int | None = None):
        self._folder, self._reserve_bytes = folder, reserve_bytes

    def check(self, n_bytes: int) -> None:
        """Raise DiskFullError unless an upload of this size leaves the reserve free."""
        usage = shutil.disk_usage(self._folder)
        reserve = self._reserve_bytes
        if reserve is None:
            reserve = min(_RESERVE_BYTES, round(usage.total * _RESERVE_PART))
        if usage.free - n_bytes < reserve:
            raise DiskFullError


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a write failed because the disk, or the user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in _DISK_FULL
