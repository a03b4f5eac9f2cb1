"""The files of jobs: one folder per job, named after its random id and never after user input."""

import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pianotrans.web.job import ID_PATTERN


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @property
    def recording(self) -> Path:
        """The path of the upload."""
        return self.path / "recording"

    def result(self, format_name: str) -> Path:
        """The path of the result in one format."""
        return self.path / f"transcription.{format_name}"

    def make(self) -> None:
        """Create the folder. Raises OSError if it cannot be created."""
        self.path.mkdir()

    def remove(self) -> None:
        """Remove the folder and its contents; the next start retries what cannot be removed."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_recording(self) -> None:
        """Remove the upload."""
        self.recording.unlink(missing_ok=True)


class JobFolders:
    """The folders of all jobs."""

    def __init__(self, root: Path):
        self._root = root

    def of(self, job_id: str) -> JobFolder:
        """The folder of a job, which may not exist yet."""
        assert re.fullmatch(ID_PATTERN, job_id)
        return JobFolder(self._root / job_id)

    def sweep(self, known: Collection[str]) -> None:
        """Remove folders without a job: uploads that were interrupted by the death of the server."""
        for path in self._root.iterdir():
            if re.fullmatch(ID_PATTERN, path.name) and path.name not in known:
                JobFolder(path).remove()
