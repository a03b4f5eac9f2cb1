"""The files of jobs: one folder per job, named after its random id and never after user input."""

import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pianotrans.web.job import ID_PATTERN


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def upload(self) -> Path:
        """The path of a recording that has not arrived completely."""
        return self.path / "upload"

    @property
    def recording(self) -> Path:
        """The path of the recording."""
        return self.path / "recording"

    def result(self, format_name: str) -> Path:
        """The path of the result in one format."""
        return self.path / f"transcription.{format_name}"

    @property
    def edits(self) -> Path:
        """The path of the folder with what was edited."""
        return self.path / "edits"

    def make(self) -> None:
        """Create the folder. Raises OSError if it cannot be created."""
        self.path.mkdir()

    def remove(self) -> None:
        """Remove the folder and its contents, as far as possible."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_recording(self) -> None:
        """Remove the recording."""
        self.recording.unlink(missing_ok=True)

    def holds_an_upload_only(self) -> bool:
        """Whether nothing is in it but what an interrupted upload has left."""
        return all(path == self.upload for path in self.path.iterdir())


class JobFolders:
    """The folders of all jobs, and those set aside because no job is known for them."""

    def __init__(self, root: Path):
        self._root = root
        self.aside = root.with_name("set-aside")

    def of(self, job_id: str) -> JobFolder:
        """The folder of a job, which may not exist yet."""
        assert re.fullmatch(ID_PATTERN, job_id)
        return JobFolder(self._root / job_id)

    def take_back(self, known: Collection[str]) -> None:
        """Bring back the folders set aside whose jobs are known again. Raises OSError if that fails."""
        for path in _folders_in(self.aside):
            if path.name in known and not self.of(path.name).path.exists():
                path.rename(self.of(path.name).path)

    def set_aside(self, known: Collection[str]) -> int:
        """Set aside all folders without a job, and return their number. Raises OSError if that fails.

        They may hold the only copies of results: the database may have been replaced by another. Only what an
        interrupted upload has left is removed.
        """
        n_aside = 0
        for path in _folders_in(self._root):
            folder = JobFolder(path)
            if path.name in known:
                continue
            if folder.holds_an_upload_only():
                folder.remove()
                continue
            self.aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(_free(self.aside / path.name))
            n_aside += 1
        return n_aside


def _folders_in(place: Path) -> Iterator[Path]:
    """The folders of jobs in a folder, which may be missing."""
    for path in list(place.iterdir()) if place.is_dir() else ():
        if re.fullmatch(ID_PATTERN, path.name) and path.is_dir():
            yield path


def _free(path: Path) -> Path:
    """The path, or one like it that is free: a job may be set aside twice."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free
