"""What users have edited: every revision of every job, in files of its own."""

import gzip
import re
import threading
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pianotrans.errors import PianotransError
from pianotrans.files import write_atomically
from pianotrans.web.folders import JobFolders
from pianotrans.web.job import iso_time

_NAME = re.compile(r"([1-9][0-9]{0,8})(?:-([0-9]{1,9}))?\.json\.gz")  # a number, and how many changes it has
_COMPRESSION = 6


@dataclass(frozen=True)
class SavedRevision:
    """A revision of a job's edits; the first is number 1. It may not be known how many changes it has."""

    number: int
    saved_at: str  # ISO 8601, UTC
    n_changes: int | None


class StaleEditsError(PianotransError):
    """Somebody else has saved in between; `latest` is the number of that revision."""

    def __init__(self, latest: int):
        super().__init__(latest)
        self.latest = latest

    def __str__(self) -> str:
        return (
            f"Another window has changed these edits; the latest revision is {self.latest}. "
            "Load it, or save yours with If-Match and this number."
        )


class Revisions:
    """The revisions of all jobs; may be used by any number of threads.

    They lie in the folders of their jobs, and go with them.
    """

    def __init__(self, folders: JobFolders):
        self._folders = folders
        self._lock = threading.Lock()

    def all(self, job_id: str) -> list[SavedRevision]:
        """The revisions of a job, oldest first."""
        return [SavedRevision(number, _saved_at(path), n) for number, (path, n) in self._files(job_id).items()]

    def latest(self, job_id: str) -> int:
        """The number of the latest revision; 0 if there is none."""
        return max(self._files(job_id), default=0)

    def read(self, job_id: str, number: int) -> bytes | None:
        """The edits of a revision; None if there is no such revision, or it cannot be read."""
        found = self._files(job_id).get(number)
        if found is None:
            return None
        path, _ = found
        try:
            return gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error):  # gone meanwhile, or damaged
            return None

    def save(self, job_id: str, edits: bytes, n_changes: int, base: int) -> int:
        """Save edits with so many changes that were made of revision `base`; returns their number.

        What the latest revision holds already is not saved again, so a request may be repeated.

        Raises StaleEditsError if `base` is not the latest revision, FileNotFoundError if the job is gone, and
        OutputError or OSError if the edits cannot be written.
        """
        with self._lock:
            latest = self.latest(job_id)
            if latest and self.read(job_id, latest) == edits:
                return latest
            if base != latest:
                raise StaleEditsError(latest)
            path = self._folders.of(job_id).edits / f"{latest + 1}-{n_changes}.json.gz"
            path.parent.mkdir(exist_ok=True)  # without parents: a deleted job does not come back
            write_atomically(path, gzip.compress(edits, _COMPRESSION, mtime=0))
            return latest + 1

    def _files(self, job_id: str) -> dict[int, tuple[Path, int | None]]:
        """By number, in order: the file, and how many changes its name says it has."""
        folder = self._folders.of(job_id).edits
        found = [(_NAME.fullmatch(path.name), path) for path in folder.iterdir()] if folder.is_dir() else []
        files = {int(match[1]): (path, int(match[2]) if match[2] else None) for match, path in found if match}
        return dict(sorted(files.items()))


def _saved_at(path: Path) -> str:
    return iso_time(datetime.fromtimestamp(path.stat().st_mtime, UTC))
